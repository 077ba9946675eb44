#include "comments-service/record/imported_reason.h"

#include "absl/strings/str_cat.h"

namespace marginalia {

std::string ImportedReason(std::string_view author_id, absl::Time create_time) {
  return absl::StrCat("author_id=", std::string(author_id),
                      " create_time=", absl::ToUnixMicros(create_time));
}

}  // namespace marginalia
