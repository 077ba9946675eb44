// What the entry of an imported comment says as its reason: whose comment it was and when it was
// written, because the entry's own actor and time are those of the import. Pure, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_IMPORTED_REASON_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_IMPORTED_REASON_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace marginalia {

std::string ImportedReason(std::string_view author_id, absl::Time create_time);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_IMPORTED_REASON_H_
