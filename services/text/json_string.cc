#include "services/text/json_string.h"

#include "absl/strings/str_cat.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

bool IsPlain(char c) {
  return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
}

// Characters at which some reader of the log would end a line, though JSON would not.
bool BreaksLines(char32_t character) {
  return character == 0x85 || character == 0x2028 || character == 0x2029;
}

// Takes the character at the front of `text`, which is not plain.
void AppendSpecial(std::string& line, std::string_view& text) {
  const std::string_view before = text;
  const char32_t character = TakeCharacter(text);
  if (character == '"' || character == '\\') {
    line += '\\';
    line += static_cast<char>(character);
  } else if (character == '\n') {
    line += "\\n";
  } else if (character < 0x80 || BreaksLines(character)) {
    absl::StrAppend(&line, "\\u", absl::Hex(character, absl::kZeroPad4));
  } else if (character == kReplacement) {
    line += kReplacementBytes;
  } else {
    line += before.substr(0, before.size() - text.size());
  }
}

}  // namespace

void AppendJsonString(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    line += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) AppendSpecial(line, text);
  }
  line += '"';
}

}  // namespace marginalia
