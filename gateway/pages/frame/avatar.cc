#include "gateway/pages/frame/avatar.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "services/text/utf8.h"

namespace marginalia {

int AvatarHue(std::string_view user_id) {
  // FNV-1a with 32 bits (Fowler, Noll and Vo; RFC 9923).
  std::uint32_t hash = 0x811C9DC5;
  for (const char c : user_id) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x01000193;
  }
  return static_cast<int>(hash % kAvatarHues);
}

std::string AvatarLetter(std::string_view display_name) {
  if (display_name.empty()) return "?";
  std::string_view rest = display_name;
  TakeCharacter(rest);
  std::string letter(display_name.substr(0, display_name.size() - rest.size()));
  if (letter.size() == 1) letter[0] = absl::ascii_toupper(static_cast<unsigned char>(letter[0]));
  return letter;
}

}  // namespace marginalia
