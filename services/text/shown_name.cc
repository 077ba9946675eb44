#include "services/text/shown_name.h"

#include "absl/strings/str_cat.h"
#include "services/text/utf8.h"

namespace marginalia {

std::string FaultOfName(std::string_view name, std::size_t characters_max) {
  if (!IsValidUtf8(name)) return "must be valid UTF-8";
  if (CountCharacters(name, characters_max + 1) > characters_max) {
    return absl::StrCat("must be at most ", characters_max, " characters");
  }
  if (IsBlank(name)) return "must not be blank";
  if (!IsOneLine(name)) return "must be one line without control characters";
  return "";
}

}  // namespace marginalia
