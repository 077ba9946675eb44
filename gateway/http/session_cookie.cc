#include "gateway/http/session_cookie.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

constexpr absl::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=";

absl::string_view Name() { return {kSessionCookie.data(), kSessionCookie.size()}; }

}  // namespace

std::string_view SessionToken(const HttpRequest& request) {
  for (const HeaderField& field : request.headers) {
    if (!absl::EqualsIgnoreCase({field.name.data(), field.name.size()}, "cookie")) continue;
    std::string_view pairs = field.value;
    while (!pairs.empty()) {
      std::string_view pair = pairs.substr(0, pairs.find(';'));
      pairs.remove_prefix(std::min(pairs.size(), pair.size() + 1));
      pair.remove_prefix(std::min(pair.size(), pair.find_first_not_of(' ')));
      const std::string_view name = pair.substr(0, pair.find('='));
      if (name == kSessionCookie && name.size() < pair.size()) return pair.substr(name.size() + 1);
    }
  }
  return {};
}

std::string KeepSession(std::string_view token, absl::Duration lifetime) {
  return absl::StrCat("Set-Cookie: ", Name(), "=", absl::string_view(token.data(), token.size()),
                      kAttributes, absl::ToInt64Seconds(lifetime), "\r\n");
}

std::string EndSession() {
  return absl::StrCat("Set-Cookie: ", Name(), "=", kAttributes, 0, "\r\n");
}

}  // namespace marginalia
