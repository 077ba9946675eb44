// One call upstream that is answered with a stream, read one message at a time: what is not asked
// for stays with the service. Used on the io thread only, where its functions are called as well.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_STREAM_CALL_H_
#define MARGINALIA_GATEWAY_UPSTREAM_STREAM_CALL_H_

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/io_thread.h"
#include "gateway/upstream/upstream.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/telemetry/trace.h"

namespace marginalia {

// Longer than the service lets a reader take for a file, and waits for its turn.
inline constexpr absl::Duration kEvidenceDeadline = absl::Minutes(3);

template <class Request, class Response>
class StreamCall {
 public:
  struct Events {
    // A message has arrived; the next one comes after Next.
    absl::AnyInvocable<void(const Response&)> received;
    // The stream is over. Called once, last.
    absl::AnyInvocable<void(const absl::Status&)> ended;
  };

  // Starts the call, as `trace` of its own, and asks for the first message.
  StreamCall(IoThread& io, Upstream& upstream, const Request& request, std::string_view bearer,
             std::string_view request_id, const Trace& trace, Events events);
  // Cancels the call; nothing is called any more.
  ~StreamCall();
  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

  void Next();

 private:
  class Reactor;
  // Belongs to gRPC. Null once the call is over.
  Reactor* reactor_;
};

using WatchCall = StreamCall<comments::v1::WatchEventsRequest, comments::v1::WatchEventsResponse>;
using EvidenceCall =
    StreamCall<comments::v1::ExportEvidenceRequest, comments::v1::ExportEvidenceResponse>;

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_STREAM_CALL_H_
