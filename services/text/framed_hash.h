// SHA-256 over texts, each with its length in front, so that {"ab", "c"} and {"a", "bc"} differ.
// Pure, thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_FRAMED_HASH_H_
#define MARGINALIA_SERVICES_TEXT_FRAMED_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::size_t kDigestBytes = 32;

using Digest = std::array<std::uint8_t, kDigestBytes>;

// Appends the length of `piece` as four bytes, big-endian, and `piece`.
void AppendFramed(std::string& bytes, std::string_view piece);

Digest Sha256Of(std::string_view bytes);

// The digest as 32 bytes.
std::string_view BytesOf(const Digest& digest);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_FRAMED_HASH_H_
