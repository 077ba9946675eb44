#include "services/text/rfc3339.h"

#include <gtest/gtest.h>

#include "services/text/timestamp.h"

namespace marginalia {
namespace {

TEST(Rfc3339Test, IsWhatTheTimeLibraryWrites) {
  for (const std::int64_t micros :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{-1'000'000},
        std::int64_t{1'700'000'000'123'456}, std::int64_t{951'782'400'000'001},
        std::int64_t{-62'135'596'800'000'000}, std::int64_t{253'402'300'799'999'999}}) {
    const absl::Time time = absl::FromUnixMicros(micros);
    std::string text = "at ";
    AppendRfc3339(text, time);
    EXPECT_EQ(text, "at " + absl::FormatTime("%E4Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()));
    EXPECT_EQ(TimeOfRfc3339(std::string_view(text).substr(3)), time);
  }
}

TEST(Rfc3339Test, NoOtherSpellingIsATime) {
  for (const std::string_view text :
       {"", "2026-07-14", "2026-07-14T09:30:00Z", "2026-07-14T09:30:00.1Z",
        "2026-07-14T09:30:00.0000001Z", "2026-07-14T09:30:00.000001+00:00",
        "2026-07-14t09:30:00.000001Z", " 2026-07-14T09:30:00.000001Z",
        "2026-07-14T09:30:00.000001Z ", "12026-07-14T09:30:00.000001Z", "infinite-future",
        "2026-02-30T09:30:00.000001Z", "2026-07-14T09:30:60.000001Z"}) {
    EXPECT_EQ(TimeOfRfc3339(text), std::nullopt) << text;
  }
}

TEST(TimestampTest, TimesComeBackAlsoFromBefore1970) {
  for (const std::int64_t micros : {0LL, -1LL, -1'500'000LL, 1'700'000'000'123'456LL}) {
    google::protobuf::Timestamp timestamp;
    SetTime(timestamp, absl::FromUnixMicros(micros));
    EXPECT_GE(timestamp.nanos(), 0);
    EXPECT_EQ(TimeOf(timestamp), absl::FromUnixMicros(micros));
  }
}

}  // namespace
}  // namespace marginalia
