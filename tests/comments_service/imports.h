// Imports: comments as another system has kept them. A test changes in them what it tries.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_IMPORTS_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_IMPORTS_H_

#include <cstdint>
#include <string>

#include "absl/time/clock.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/text/uuid.h"

namespace marginalia {

// In Unix time; the same for all of them.
inline constexpr std::int64_t kImportedAtSeconds = 1'600'000'000;

// One more comment in the request, under a new id.
inline comments::v1::ImportedComment& AddImported(comments::v1::ImportCommentsRequest& request,
                                                  const std::string& body = "imported") {
  comments::v1::ImportedComment& comment = *request.add_comments();
  comment.set_comment_id(NewUuid(absl::Now()));
  comment.mutable_author()->set_user_id("old");
  comment.mutable_author()->set_display_name("Old Hand");
  comment.set_body(body);
  comment.mutable_create_time()->set_seconds(kImportedAtSeconds);
  return comment;
}

inline comments::v1::ImportCommentsRequest ImportOf(const std::string& invoice_id, int count) {
  comments::v1::ImportCommentsRequest request;
  request.set_invoice_id(invoice_id);
  for (int i = 0; i < count; ++i) AddImported(request);
  return request;
}

// It was removed there.
inline void SetRemoved(comments::v1::ImportedComment& comment, std::int64_t seconds) {
  comments::v1::Removal& removal = *comment.mutable_removal();
  removal.mutable_time()->set_seconds(seconds);
  removal.mutable_actor()->set_user_id("boss");
  removal.mutable_actor()->set_display_name("The Boss");
  removal.set_reason("not for here");
}

// The thread was closed there.
inline void SetResolved(comments::v1::ImportCommentsRequest& request, std::int64_t seconds) {
  request.set_state(comments::v1::THREAD_STATE_RESOLVED);
  request.mutable_state_time()->set_seconds(seconds);
  request.mutable_state_actor()->set_user_id("closer");
  request.mutable_state_actor()->set_display_name("The Closer");
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_IMPORTS_H_
