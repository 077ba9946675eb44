#include "services/events/log/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "services/process/stopwatch.h"
#include "tests/events/log_under_test.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr absl::Duration kOften = absl::Milliseconds(5);
constexpr absl::Duration kAtOnce = absl::ZeroDuration();

class RetentionTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void AwaitOldest(std::int64_t position) {
    while (under_test_.log().OldestRetained().value() != position) std::this_thread::yield();
  }
  // Counts the looks at the log, each of which asks for the time first.
  Retention::Clock Looks() {
    return [this] {
      ++looks_;
      return absl::Now();
    };
  }
  // Until two have begun and one of them has ended.
  void AwaitRounds() {
    const int before = looks_;
    while (looks_ < before + 3) std::this_thread::yield();
  }

  LogUnderTest under_test_{NewDatabaseUrl(GetParam())};
  EventFeed feed_{under_test_.log()};

 private:
  std::atomic<int> looks_ = 0;
};

INSTANTIATE_ON_EVERY_DATABASE(RetentionTest);

TEST_P(RetentionTest, WhatIsTooOldIsRemoved) {
  under_test_.Append(5, absl::Now() - absl::Hours(2));
  under_test_.Append(5);
  const Retention retention(under_test_.log(), feed_, under_test_.writes(),
                            {.age_max = absl::Hours(1), .clock_trusted_after = kAtOnce}, kOften);
  AwaitOldest(6);
}

TEST_P(RetentionTest, WhatIsTooManyIsRemovedInBatches) {
  under_test_.Append(3 * kCompactBatchMax);
  const Retention retention(under_test_.log(), feed_, under_test_.writes(), {.count_max = 10},
                            kOften);
  AwaitOldest(3 * kCompactBatchMax - 10 + 1);
  under_test_.Append(1);
  AwaitOldest(3 * kCompactBatchMax - 10 + 2);
}

TEST_P(RetentionTest, TheNewestEventStaysHoweverOld) {
  under_test_.Append(5, absl::Now() - absl::Hours(2));
  const Retention retention(
      under_test_.log(), feed_, under_test_.writes(),
      {.age_max = absl::Hours(1), .count_max = 0, .clock_trusted_after = kAtOnce}, kOften, Looks());
  AwaitOldest(5);
  AwaitRounds();
  EXPECT_EQ(under_test_.log().OldestRetained().value(), 5);
}

TEST_P(RetentionTest, WhatAWatcherReadsNextStays) {
  under_test_.Append(20);
  const auto place = feed_.HoldPlace(7);
  const Retention retention(under_test_.log(), feed_, under_test_.writes(), {.count_max = 1},
                            kOften, Looks());
  AwaitOldest(8);
  AwaitRounds();
  EXPECT_EQ(under_test_.log().OldestRetained().value(), 8);
  place->Advance(15);
  AwaitOldest(16);
}

TEST_P(RetentionTest, AWatcherWhoHardlyReadsKeepsNoMoreThanTheLimit) {
  under_test_.Append(20);
  const auto place = feed_.HoldPlace(0);
  const Retention retention(under_test_.log(), feed_, under_test_.writes(),
                            {.count_max = 1, .held_max = 5}, kOften);
  AwaitOldest(15);
  place->Advance(1);
  under_test_.Append(10);
  AwaitOldest(25);
}

TEST_P(RetentionTest, EventsOfAClockFrom1970TakeNoYoungOnesWithThem) {
  under_test_.Append(5, absl::Now() - absl::Hours(2));
  under_test_.Append(494);
  under_test_.Append(11, absl::UnixEpoch());
  under_test_.Append(494);
  const Retention retention(under_test_.log(), feed_, under_test_.writes(),
                            {.age_max = absl::Hours(1), .clock_trusted_after = kAtOnce}, kOften,
                            Looks());
  AwaitOldest(6);
  AwaitRounds();
  EXPECT_EQ(under_test_.log().OldestRetained().value(), 6);
}

TEST_P(RetentionTest, EventsOfAClockFrom1970AreNoOlderThanTheOneBeforeThem) {
  under_test_.Append(1);
  under_test_.Append(11, absl::UnixEpoch());
  const Retention retention(under_test_.log(), feed_, under_test_.writes(),
                            {.age_max = absl::Hours(1), .clock_trusted_after = kAtOnce}, kOften,
                            Looks());
  AwaitRounds();
  EXPECT_EQ(under_test_.log().OldestRetained().value(), 1);
}

TEST_P(RetentionTest, AClockThatJumpsToTheFutureRemovesNothingYoung) {
  under_test_.Append(5, absl::Now() - absl::Hours(2));
  under_test_.Append(5);
  std::atomic<bool> jumped = false;
  std::atomic<int> looks = 0;
  const Retention retention(
      under_test_.log(), feed_, under_test_.writes(),
      {.age_max = absl::Hours(1), .clock_trusted_after = absl::Seconds(1)}, kOften, [&] {
        ++looks;
        return absl::Now() + (jumped ? absl::Hours(24 * 365 * 73) : absl::ZeroDuration());
      });
  jumped = true;
  const int before = looks;
  while (looks < before + 10) std::this_thread::yield();
  EXPECT_EQ(under_test_.log().OldestRetained().value(), 1);
}

TEST_P(RetentionTest, WithoutBoundsEverythingStays) {
  under_test_.Append(5, absl::UnixEpoch());
  const Retention retention(under_test_.log(), feed_, under_test_.writes(), {}, kOften, Looks());
  AwaitRounds();
  EXPECT_EQ(under_test_.log().OldestRetained().value(), 1);
}

}  // namespace
}  // namespace marginalia
