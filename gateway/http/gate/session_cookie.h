// The cookie that carries a browser's token (RFC 6265bis). Its prefix __Host- has browsers take it
// from this very host only, over TLS or from the same machine. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_SESSION_COOKIE_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_SESSION_COOKIE_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/http/message.h"

namespace marginalia {

inline constexpr std::string_view kSessionCookie = "__Host-marginalia";

// What the request's cookie holds; empty when there is none. Lives as long as the request.
std::string_view SessionOf(const HttpRequest& request);

// The same of a cookie of another name.
std::string_view CookieOf(const HttpRequest& request, std::string_view cookie);

// The token in it: what stands before '~', behind which whoever set the cookie may tell sessions
// with the same token apart.
std::string_view TokenOfSession(std::string_view session);

// A session of its own with the token, named after the time.
std::string NewSession(std::string_view token, absl::Time now);

// The header line that makes a browser keep the session for `lifetime`. Its token must be a
// verified one: nothing in it can break the line.
std::string KeepSession(std::string_view session, absl::Duration lifetime);

// The header line that makes it forget the session.
std::string ForgetSession();

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_SESSION_COOKIE_H_
