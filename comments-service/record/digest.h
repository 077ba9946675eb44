// SHA-256 digests and the two ways in which they are written down. Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_DIGEST_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::size_t kDigestBytes = 32;

using Digest = std::array<std::uint8_t, kDigestBytes>;

Digest Sha256Of(std::string_view bytes);

// The digest as 32 bytes.
std::string_view BytesOf(const Digest& digest);
// Nothing unless there are 32.
std::optional<Digest> DigestFromBytes(std::string_view bytes);

// As 64 hexadecimal digits in lower case, and back from nothing else.
std::string HexOf(const Digest& digest);
std::optional<Digest> DigestFromHex(std::string_view text);

// As base64 (RFC 4648, section 4), with padding, and back from nothing else.
std::string Base64Of(std::string_view bytes);
std::optional<std::string> BytesFromBase64(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_DIGEST_H_
