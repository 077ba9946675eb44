// For whom a page was made. All tabs of a browser share one session, so a page may outlast it and
// act under somebody else's: one that says for whom it was made is refused then, before anything is
// shown or stored under the wrong name. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_VIEWER_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_VIEWER_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/gate/api_call.h"
#include "services/identity/caller.h"

namespace marginalia {

// What a script says it in.
inline constexpr std::string_view kViewerHeader = "x-marginalia-viewer";
// What a form says it in, and the address of an event stream, where a browser sends no header.
inline constexpr std::string_view kViewerField = "viewer";

// "dana@northlight": user and tenant, each percent-encoded.
std::string ViewerName(const Caller& caller);

// Whether the request is the caller's own as far as it says for whom its page was made. Errors:
// ABORTED (VIEWER_CHANGED) when that is somebody else; INVALID_ARGUMENT about the field.
absl::Status CheckViewer(const ApiCallFacts& facts, const Caller& caller);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_VIEWER_H_
