// UTF-8 (Unicode 14, table 3-7) character by character, and what of it people see. Pure functions,
// thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_UTF8_H_
#define MARGINALIA_SERVICES_TEXT_UTF8_H_

#include <cstddef>
#include <string_view>

namespace marginalia {

// Nothing overlong, no surrogate, nothing beyond U+10FFFF.
bool IsValidUtf8(std::string_view text);

// Takes one character off the front of `text`, which is not empty. A byte that begins none is taken
// alone and counts as U+FFFD.
char32_t TakeCharacter(std::string_view& text);

// How often TakeCharacter would take one, but no more than `enough`.
std::size_t CountCharacters(std::string_view text, std::size_t enough);

// Whether there is nothing to see: all of the text is white space, controls, what Unicode says
// shows nothing (Default_Ignorable_Code_Point, the Hangul fillers among it) or blank Braille. Also
// when it is empty.
bool IsBlank(std::string_view text);

// Whether no character of the text is a control (category Cc) or separates lines or paragraphs.
bool IsOneLine(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_UTF8_H_
