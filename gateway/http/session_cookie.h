// The cookie that carries a browser's token (RFC 6265bis). Its prefix __Host- has browsers take it
// from this very host only, over TLS or from the same machine. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_SESSION_COOKIE_H_
#define MARGINALIA_GATEWAY_HTTP_SESSION_COOKIE_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/http/message.h"

namespace marginalia {

inline constexpr std::string_view kSessionCookie = "__Host-marginalia";

// The token in the request's cookie; empty when there is none. Lives as long as the request.
std::string_view SessionToken(const HttpRequest& request);

// The header line that makes a browser keep the token for `lifetime`. The token must be a verified
// one: nothing in it can break the line.
std::string KeepSession(std::string_view token, absl::Duration lifetime);

// The header line that makes it forget the token.
std::string EndSession();

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_SESSION_COOKIE_H_
