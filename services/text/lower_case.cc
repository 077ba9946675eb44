#include "services/text/lower_case.h"

#include "services/text/utf8.h"

namespace marginalia {
namespace {

bool Between(char32_t character, char32_t first, char32_t last) {
  return first <= character && character <= last;
}

// Of a character from U+0080 on. In Latin Extended-A a capital stands right before its small
// letter, on even numbers, in two stretches on odd ones.
char32_t Lower(char32_t character) {
  if (Between(character, 0x00C0, 0x00DE)) return character == 0x00D7 ? character : character + 0x20;
  if (character == 0x0178) return 0x00FF;
  if (Between(character, 0x0139, 0x0148) || Between(character, 0x0179, 0x017E)) {
    return character % 2 == 1 ? character + 1 : character;
  }
  // The dotted capital I and the dotless small one are each of a pair with the plain letters.
  if (character == 0x0130 || character == 0x0131) return U'i';
  if (Between(character, 0x0100, 0x0137) || Between(character, 0x014A, 0x0177)) {
    return character % 2 == 0 ? character + 1 : character;
  }
  if (character == 0x0386) return 0x03AC;
  if (Between(character, 0x0388, 0x038A)) return character + 0x25;
  if (character == 0x038C) return 0x03CC;
  if (character == 0x038E || character == 0x038F) return character + 0x3F;
  if (Between(character, 0x0391, 0x03AB) && character != 0x03A2) return character + 0x20;
  if (Between(character, 0x0400, 0x040F)) return character + 0x50;
  if (Between(character, 0x0410, 0x042F)) return character + 0x20;
  return character;
}

// All that Lower makes has one or two bytes.
void AppendLowered(std::string& out, char32_t character) {
  if (character < 0x80) {
    out.push_back(static_cast<char>(character));
    return;
  }
  out.push_back(static_cast<char>(0xC0 | character >> 6));
  out.push_back(static_cast<char>(0x80 | (character & 0x3F)));
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char first = text.front();
    if (static_cast<unsigned char>(first) < 0x80) {
      out.push_back('A' <= first && first <= 'Z' ? static_cast<char>(first + 0x20) : first);
      text.remove_prefix(1);
      continue;
    }
    std::string_view rest = text;
    const char32_t character = TakeCharacter(rest);
    const char32_t lowered = Lower(character);
    if (lowered == character) {
      out.append(text.substr(0, text.size() - rest.size()));
    } else {
      AppendLowered(out, lowered);
    }
    text = rest;
  }
  return out;
}

}  // namespace marginalia
