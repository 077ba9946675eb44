// Opaque, URL-safe tokens that a caller hands back: page tokens and consistency tokens. A token
// grants nothing. With keys (token_keys.h) it is encrypted and nobody can read or make one; without
// them its seal, a truncated SHA-256, only tells whether it is unaltered and meant for this place.
// Thread-safe. Free of gRPC.
#ifndef MARGINALIA_SERVICES_TOKENS_SEALED_TOKEN_H_
#define MARGINALIA_SERVICES_TOKENS_SEALED_TOKEN_H_

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::size_t kTokenCharactersMax = 512;

// `binding` is all that the token must be used with again: RPC, tenant, arguments, log id. The
// pieces are length-prefixed, so {"ab", "c"} and {"a", "bc"} differ. The same gives the same token;
// with keys its length tells that of the payload to 24 bytes.
std::string SealToken(std::string_view payload, std::initializer_list<std::string_view> binding);

// With keys never the same token twice, for a payload that changes with what others do: two tokens
// do not tell their holder whether it did.
std::string SealFreshToken(std::string_view payload,
                           std::initializer_list<std::string_view> binding);

// The payload, or nothing when the token is malformed, altered, or bound to anything else.
std::optional<std::string> OpenToken(std::string_view token,
                                     std::initializer_list<std::string_view> binding);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TOKENS_SEALED_TOKEN_H_
