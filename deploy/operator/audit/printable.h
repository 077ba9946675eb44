// Text of others on a terminal: nothing in it moves the cursor, hides, or turns the line around.
// Pure, thread-safe.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_PRINTABLE_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_PRINTABLE_H_

#include <string>
#include <string_view>

namespace marginalia {

// Controls and characters that change the direction of text are written as \u{…}; so is the end of
// a line, unless `indent` is given: then the lines stand each behind it.
std::string Printable(std::string_view text, std::string_view indent = "");

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_PRINTABLE_H_
