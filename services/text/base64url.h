// Base64url without padding (RFC 4648, section 5), canonical only: every byte string has exactly
// one spelling, so that an altered token is never taken for the original. Pure functions,
// thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_BASE64URL_H_
#define MARGINALIA_SERVICES_TEXT_BASE64URL_H_

#include <optional>
#include <string>
#include <string_view>

namespace marginalia {

std::string EncodeBase64Url(std::string_view bytes);

// Nothing when `text` has padding, a foreign character, an impossible length, or set bits beyond
// its last byte.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_BASE64URL_H_
