// Letters of either case made the same, for looking things up; never for showing them. Pure,
// thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_LOWER_CASE_H_
#define MARGINALIA_SERVICES_TEXT_LOWER_CASE_H_

#include <string>
#include <string_view>

namespace marginalia {

// `text` with each capital as the small letter that Unicode gives it alone, without regard to any
// language or locale; all else, bytes that are no character among it, as it is.
std::string LowerCase(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_LOWER_CASE_H_
