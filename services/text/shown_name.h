// The one rule for what people read as a name: of a person, a customer, a line of an invoice. Pure,
// thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_SHOWN_NAME_H_
#define MARGINALIA_SERVICES_TEXT_SHOWN_NAME_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::size_t kDisplayNameCharactersMax = 200;

// One line of valid UTF-8 with something to see in it, of at most so many characters. What is wrong
// with `name`, as the end of the sentence "<field> …"; empty when nothing is.
std::string FaultOfName(std::string_view name, std::size_t characters_max);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_SHOWN_NAME_H_
