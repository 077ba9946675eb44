// Times and days as pages write them, always in UTC. Pure functions, thread-safe. gateway/web
// writes times the same way: both pass tests/gateway/page_text_vectors.json.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_PAGE_TIME_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_PAGE_TIME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace marginalia {

// "just now", "1 minute ago", "23 hours ago", "6 days ago", then "24 Nov 2026". Both times count in
// whole milliseconds, as a browser's do.
std::string RelativeTime(absl::Time time, absl::Time now);

// "24 November 2026, 13:16:14 UTC"
std::string ExactTime(absl::Time time);

// RFC 3339 with microseconds, as the API writes it: "2026-11-24T13:16:14.123456Z".
std::string MachineTime(absl::Time time);

// "30 June 2026" and "30 Jun 2026" for "2026-06-30"; a text that is no such day stays as it is.
std::string LongDay(std::string_view day);
std::string ShortDay(std::string_view day);

// How many days "2026-06-30" is after the day of `now`, in UTC; below 0 when it has passed. Nothing
// for a text that is no such day.
std::optional<std::int64_t> DaysUntil(std::string_view day, absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_PAGE_TIME_H_
