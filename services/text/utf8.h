// UTF-8 (Unicode 15, table 3-7) character by character. Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_UTF8_H_
#define MARGINALIA_SERVICES_TEXT_UTF8_H_

#include <string_view>

namespace marginalia {

bool IsValidUtf8(std::string_view text);

// Takes one character off the front of `text`, which is not empty. A byte that begins none is taken
// alone and counts as U+FFFD.
char32_t TakeCharacter(std::string_view& text);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_UTF8_H_
