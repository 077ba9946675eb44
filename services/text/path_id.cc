#include "services/text/path_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace marginalia {
namespace {

bool IsAllowed(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("._:/-").find(c) != std::string_view::npos;
}

}  // namespace

std::string FaultOfPathId(std::string_view id, std::size_t characters_max) {
  if (id.empty()) return "is required";
  if (id.size() > characters_max) {
    return absl::StrCat("must be at most ", characters_max, " characters");
  }
  if (!std::all_of(id.begin(), id.end(), IsAllowed)) {
    return "must consist of letters, digits and the characters . _ : / -";
  }
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(id.data(), id.size()), '/')) {
    if (part.empty() || part == "." || part == "..") {
      return "must have no part between slashes that is empty, \".\" or \"..\"";
    }
  }
  return "";
}

}  // namespace marginalia
