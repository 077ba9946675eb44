#include "gateway/http/same_origin.h"

#include "absl/strings/match.h"

namespace marginalia {

bool IsFromSameOrigin(const HttpRequest& request) {
  const std::string_view site = request.Header("sec-fetch-site");
  if (!site.empty()) return site == "same-origin";
  std::string_view origin = request.Header("origin");
  const std::string_view host = request.Header("host");
  // The scheme is not compared: TLS may end at a proxy in front.
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (origin.substr(0, scheme.size()) != scheme) continue;
    origin.remove_prefix(scheme.size());
    return !host.empty() &&
           absl::EqualsIgnoreCase({origin.data(), origin.size()}, {host.data(), host.size()});
  }
  return false;
}

}  // namespace marginalia
