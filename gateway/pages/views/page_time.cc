#include "gateway/pages/views/page_time.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace marginalia {
namespace {

constexpr std::int64_t kMinutesPerHour = 60;
constexpr std::int64_t kMinutesPerDay = 24 * kMinutesPerHour;
constexpr std::int64_t kDaysMax = 7;
constexpr char kShortDay[] = "%-d %b %Y";

absl::Time InMilliseconds(absl::Time time) {
  return absl::FromUnixMillis(absl::ToUnixMillis(time));
}

std::string Ago(std::int64_t count, const char* unit) {
  return absl::StrCat(count, " ", unit, count == 1 ? " ago" : "s ago");
}

std::string Format(const char* format, absl::Time time) {
  return absl::FormatTime(format, time, absl::UTCTimeZone());
}

std::string FormatDay(const char* format, std::string_view text) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime({text.data(), text.size()}, &day)) return std::string(text);
  return Format(format, absl::FromCivil(day, absl::UTCTimeZone()));
}

}  // namespace

std::string RelativeTime(absl::Time time, absl::Time now) {
  const std::int64_t minutes = absl::ToInt64Minutes(
      absl::Floor(InMilliseconds(now) - InMilliseconds(time), absl::Minutes(1)));
  if (minutes < 1) return "just now";
  if (minutes < kMinutesPerHour) return Ago(minutes, "minute");
  if (minutes < kMinutesPerDay) return Ago(minutes / kMinutesPerHour, "hour");
  if (minutes < kDaysMax * kMinutesPerDay) return Ago(minutes / kMinutesPerDay, "day");
  return Format(kShortDay, time);
}

std::string ExactTime(absl::Time time) { return Format("%-d %B %Y, %H:%M:%S UTC", time); }

std::string MachineTime(absl::Time time) { return Format("%Y-%m-%dT%H:%M:%E6SZ", time); }

std::string LongDay(std::string_view day) { return FormatDay("%-d %B %Y", day); }

std::string ShortDay(std::string_view day) { return FormatDay(kShortDay, day); }

std::optional<std::int64_t> DaysUntil(std::string_view day, absl::Time now) {
  absl::CivilDay until;
  if (!absl::ParseCivilTime({day.data(), day.size()}, &until)) return std::nullopt;
  return until - absl::ToCivilDay(now, absl::UTCTimeZone());
}

}  // namespace marginalia
