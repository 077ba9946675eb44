// One WatchEvents call upstream, read one message at a time: what is not asked for stays with the
// service. Used on the io thread only, where its functions are called as well.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_WATCH_CALL_H_
#define MARGINALIA_GATEWAY_UPSTREAM_WATCH_CALL_H_

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "gateway/http/io_thread.h"
#include "gateway/upstream/upstream.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/telemetry/trace.h"

namespace marginalia {

class WatchCall {
 public:
  struct Events {
    // A message has arrived; the next one comes after Next.
    absl::AnyInvocable<void(const comments::v1::WatchEventsResponse&)> received;
    // The stream is over. Called once, last.
    absl::AnyInvocable<void(const absl::Status&)> ended;
  };

  // Starts the call, as `trace` of its own, and asks for the first message.
  WatchCall(IoThread& io, Upstream& upstream, const comments::v1::WatchEventsRequest& request,
            std::string_view bearer, std::string_view request_id, const Trace& trace,
            Events events);
  // Cancels the call; nothing is called any more.
  ~WatchCall();
  WatchCall(const WatchCall&) = delete;
  WatchCall& operator=(const WatchCall&) = delete;

  void Next();

 private:
  class Reactor;
  // Belongs to gRPC. Null once the call is over.
  Reactor* reactor_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_WATCH_CALL_H_
