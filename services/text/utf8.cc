#include "services/text/utf8.h"

#include <utf8proc.h>

#include <algorithm>

namespace marginalia {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kBlankBraille = 0x2800;

// The length in bytes of the character at the front; 0 when there is none, and then `character`
// stays as it was.
std::size_t Decode(std::string_view text, char32_t& character) {
  if (static_cast<signed char>(text[0]) >= 0) {
    character = static_cast<unsigned char>(text[0]);
    return 1;
  }
  utf8proc_int32_t decoded = 0;
  const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                      static_cast<utf8proc_ssize_t>(text.size()), &decoded);
  if (bytes <= 0) return 0;
  character = static_cast<char32_t>(decoded);
  return static_cast<std::size_t>(bytes);
}

bool SeparatesLines(utf8proc_category_t category) {
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

// Of Default_Ignorable_Code_Point, those that are not assigned yet: utf8proc knows nothing of them.
bool IsReservedIgnorable(char32_t character) {
  return character == 0x2065 || (character >= 0xFFF0 && character <= 0xFFF8) ||
         (character >= 0xE0000 && character <= 0xE0FFF);
}

// White_Space is made of the categories of separators and of some controls.
bool IsInvisible(char32_t character) {
  if (character < 0x80) return character <= U' ' || character == 0x7F;
  if (character == kBlankBraille || IsReservedIgnorable(character)) return true;
  const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(character));
  const auto category = static_cast<utf8proc_category_t>(property->category);
  return property->ignorable || category == UTF8PROC_CATEGORY_ZS || SeparatesLines(category);
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    char32_t character = 0;
    const std::size_t bytes = Decode(text, character);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

char32_t TakeCharacter(std::string_view& text) {
  char32_t character = kReplacement;
  text.remove_prefix(std::max<std::size_t>(Decode(text, character), 1));
  return character;
}

std::size_t CountCharacters(std::string_view text, std::size_t enough) {
  std::size_t count = 0;
  for (; count < enough && !text.empty(); ++count) TakeCharacter(text);
  return count;
}

bool IsBlank(std::string_view text) {
  while (!text.empty()) {
    if (!IsInvisible(TakeCharacter(text))) return false;
  }
  return true;
}

bool IsOneLine(std::string_view text) {
  while (!text.empty()) {
    const char32_t character = TakeCharacter(text);
    if (character < 0x20 || character == 0x7F) return false;
    if (character >= 0x80 &&
        SeparatesLines(utf8proc_category(static_cast<utf8proc_int32_t>(character)))) {
      return false;
    }
  }
  return true;
}

}  // namespace marginalia
