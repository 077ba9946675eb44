#include "deploy/operator/audit/printable.h"

#include "absl/strings/str_cat.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

bool Hides(char32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0) || character == 0x61C ||
         (character >= 0x200B && character <= 0x200F) ||
         (character >= 0x2028 && character <= 0x202E) ||
         (character >= 0x2060 && character <= 0x2069) || character == 0xFEFF;
}

}  // namespace

std::string Printable(std::string_view text, std::string_view indent) {
  std::string printed(indent);
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = TakeCharacter(text);
    if (character == '\n' && !indent.empty()) {
      printed.append("\n").append(indent);
    } else if (Hides(character)) {
      absl::StrAppend(&printed, "\\u{", absl::Hex(static_cast<std::uint32_t>(character)), "}");
    } else {
      printed.append(before.substr(0, before.size() - text.size()));
    }
  }
  return printed;
}

}  // namespace marginalia
