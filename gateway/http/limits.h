// What one request may be at most. Beyond it the connection ends with a problem that names the
// limit.
#ifndef MARGINALIA_GATEWAY_HTTP_LIMITS_H_
#define MARGINALIA_GATEWAY_HTTP_LIMITS_H_

#include <cstddef>

namespace marginalia {

// The request line and all headers together.
inline constexpr std::size_t kHeadBytesMax = 8 * 1024;
inline constexpr std::size_t kTargetBytesMax = 4 * 1024;

// The longest text of the contract, and what one character of it takes at most: as two escapes in
// JSON ("\ud83d\ude00"), as four in a form ("%F0%9F%98%80").
inline constexpr std::size_t kTextCharactersMax = 10'000;
inline constexpr std::size_t kEncodedCharacterBytesMax = 12;
// The other fields, their names, and white space.
inline constexpr std::size_t kBesideTextBytesMax = 8 * 1024;
inline constexpr std::size_t kBodyBytesMax =
    kTextCharactersMax * kEncodedCharacterBytesMax + kBesideTextBytesMax;

// So much may have come of all bodies together that have not come whole, in strings that may have
// grown to twice that. Those up to the lower size are bounded by the number of connections: the
// large ones of some do not shut out what most people write.
inline constexpr std::size_t kIncompleteBodiesBytesMax = 128 * 1024 * 1024;
inline constexpr std::size_t kSmallBodyBytesMax = 4 * 1024;

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_LIMITS_H_
