// Reading and adding the comments of an invoice. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_API_COMMENTS_API_H_
#define MARGINALIA_GATEWAY_API_COMMENTS_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/live/event_stream.h"
#include "gateway/live/known_pages.h"
#include "gateway/live/thread_versions.h"
#include "gateway/upstream/upstream.h"
#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {

class CommentsApi {
 public:
  // Nothing is owned; all must outlive the calls.
  CommentsApi(Upstream& upstream, ThreadVersions& versions, KnownPages& pages,
              const EventStream& events)
      : upstream_(upstream), versions_(versions), pages_(pages), events_(events) {}

  void List(ApiCall call);
  void Get(ApiCall call);
  void Add(ApiCall call);

 private:
  // Answers with what is known to be as upstream would answer now; false: it is not known.
  bool AnswerFromMemory(ApiCall& call, const comments::v1::ListCommentsRequest& request);

  Upstream& upstream_;
  ThreadVersions& versions_;
  KnownPages& pages_;
  const EventStream& events_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_COMMENTS_API_H_
