#include "gateway/http/gate/session_cookie.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

// In no token that this gateway takes.
constexpr char kBehindToken = '~';
constexpr absl::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=";

absl::string_view Name() { return {kSessionCookie.data(), kSessionCookie.size()}; }

}  // namespace

std::string_view SessionOf(const HttpRequest& request) { return CookieOf(request, kSessionCookie); }

std::string_view CookieOf(const HttpRequest& request, std::string_view cookie) {
  for (const HeaderField& field : request.headers) {
    if (!absl::EqualsIgnoreCase({field.name.data(), field.name.size()}, "cookie")) continue;
    std::string_view pairs = field.value;
    while (!pairs.empty()) {
      std::string_view pair = pairs.substr(0, pairs.find(';'));
      pairs.remove_prefix(std::min(pairs.size(), pair.size() + 1));
      pair.remove_prefix(std::min(pair.size(), pair.find_first_not_of(' ')));
      const std::string_view name = pair.substr(0, pair.find('='));
      if (name == cookie && name.size() < pair.size()) return pair.substr(name.size() + 1);
    }
  }
  return {};
}

std::string_view TokenOfSession(std::string_view session) {
  return session.substr(0, session.find(kBehindToken));
}

std::string NewSession(std::string_view token, absl::Time now) {
  return std::string(token) + kBehindToken + NewUuid(now);
}

std::string KeepSession(std::string_view session, absl::Duration lifetime) {
  return absl::StrCat("Set-Cookie: ", Name(), "=",
                      absl::string_view(session.data(), session.size()), kAttributes,
                      absl::ToInt64Seconds(lifetime), "\r\n");
}

std::string ForgetSession() {
  return absl::StrCat("Set-Cookie: ", Name(), "=", kAttributes, 0, "\r\n");
}

}  // namespace marginalia
