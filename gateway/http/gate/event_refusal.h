// How a stream of server-sent events that cannot be had right now is refused. A browser's
// EventSource that is answered with anything but 200 never tries again by itself
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#fail-the-connection): a failure
// that passes is told in a stream that says so, when to come back, and ends. Pure functions,
// thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_EVENT_REFUSAL_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_EVENT_REFUSAL_H_

#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/message.h"

namespace marginalia {

// Whether the failure passes, and whoever asked takes a stream for an answer.
bool TakesEventRefusal(const HttpRequest& request, const absl::Status& failure);

// The event "stale", whose data is the problem, and the time to come back after, spread so that not
// all do at once.
HttpResponse EventRefusal(const absl::Status& failure, std::string_view request_id);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_EVENT_REFUSAL_H_
