// Letters of either case made the same, for looking things up; never for showing them. Pure,
// thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_LOWER_CASE_H_
#define MARGINALIA_SERVICES_TEXT_LOWER_CASE_H_

#include <string>
#include <string_view>

namespace marginalia {

// `text` with the capitals of the Latin (up to U+017F), Greek and Cyrillic alphabets as small
// letters, without regard to any language or locale; all else as it is.
std::string LowerCase(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_LOWER_CASE_H_
