#include "services/text/lower_case.h"

#include <utf8proc.h>

#include <cstddef>

#include "services/text/utf8.h"

namespace marginalia {
namespace {

char32_t Lower(char32_t character) {
  // The dotless small i is of a pair with the plain capital, which has the dotted one, too.
  if (character == U'\u0131') return U'i';
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(character)));
}

void AppendCharacter(std::string& out, char32_t character) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::string_view rest = text;
    const char32_t character = TakeCharacter(rest);
    const char32_t lowered = Lower(character);
    if (lowered == character) {
      // Also a byte that is no character.
      out.append(text.substr(0, text.size() - rest.size()));
    } else {
      AppendCharacter(out, lowered);
    }
    text = rest;
  }
  return out;
}

}  // namespace marginalia
