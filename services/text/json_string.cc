#include "services/text/json_string.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace marginalia {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The length in bytes of the character that `text` begins with, which is not ASCII; 0 when it is no
// valid UTF-8 (Unicode 15, table 3-7: nothing overlong, no surrogate, nothing beyond U+10FFFF).
std::size_t CharacterBytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return bytes;
}

bool IsPlain(char c) {
  return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
}

void AppendEscaped(std::string& line, unsigned int code) {
  constexpr char kHex[] = "0123456789abcdef";
  line += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) line += kHex[(code >> shift) & 0xF];
}

// Characters at which some reader of the log would end a line, though JSON would not.
unsigned int LineBreak(std::string_view character) {
  if (character == "\xC2\x85") return 0x85;
  if (character == "\xE2\x80\xA8") return 0x2028;
  if (character == "\xE2\x80\xA9") return 0x2029;
  return 0;
}

// Appends the character at the front of `text`, which is not plain; returns its length in bytes.
std::size_t AppendSpecial(std::string& line, std::string_view text) {
  const char c = text[0];
  if (c == '"' || c == '\\') {
    line += '\\';
    line += c;
    return 1;
  }
  if (c == '\n') {
    line += "\\n";
    return 1;
  }
  if (static_cast<signed char>(c) >= 0) {
    AppendEscaped(line, static_cast<unsigned char>(c));
    return 1;
  }
  const std::size_t bytes = CharacterBytes(text);
  if (bytes == 0) {
    line += kReplacement;
    return 1;
  }
  const std::string_view character = text.substr(0, bytes);
  if (const unsigned int code = LineBreak(character); code != 0) {
    AppendEscaped(line, code);
  } else {
    line += character;
  }
  return bytes;
}

}  // namespace

void AppendJsonString(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    line += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) text.remove_prefix(AppendSpecial(line, text));
  }
  line += '"';
}

}  // namespace marginalia
