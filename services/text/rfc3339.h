// Times as the JSON of the contract has them: RFC 3339 in UTC with microseconds. Pure, thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_RFC3339_H_
#define MARGINALIA_SERVICES_TEXT_RFC3339_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace marginalia {

// Such as 2026-07-14T09:30:00.000001Z; of the years 0 to 9999.
void AppendRfc3339(std::string& text, absl::Time time);

// The time that is written so, and nothing for any other spelling.
std::optional<absl::Time> TimeOfRfc3339(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_RFC3339_H_
