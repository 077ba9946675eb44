#include "services/text/utf8.h"

#include <cstddef>

namespace marginalia {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool IsAscii(char c) { return static_cast<signed char>(c) >= 0; }

// The length in bytes of the character at the front, which is not ASCII; 0 when it is no valid
// UTF-8: nothing overlong, no surrogate, nothing beyond U+10FFFF.
std::size_t CharacterBytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return bytes;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = IsAscii(text[0]) ? 1 : CharacterBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

char32_t TakeCharacter(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = IsAscii(text[0]) ? 1 : CharacterBytes(text);
  if (bytes < 2) {
    text.remove_prefix(1);
    return bytes == 1 ? first : kReplacement;
  }
  char32_t character = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  text.remove_prefix(bytes);
  return character;
}

}  // namespace marginalia
