#include "tests/bench/pace.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace marginalia::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(PaceTest, CallsAreEvenlySpread) {
  const Pace pace(5 * kSecond, 2000);
  EXPECT_EQ(pace.DueNanos(0), 5 * kSecond);
  EXPECT_EQ(pace.DueNanos(1), 5 * kSecond + 500'000);
  EXPECT_EQ(pace.DueNanos(2000), 6 * kSecond);
}

TEST(PaceTest, ARateThatDoesNotDivideASecondDoesNotDrift) {
  const Pace pace(0, 3);
  EXPECT_EQ(pace.DueNanos(1), 333'333'333);
  EXPECT_EQ(pace.DueNanos(3'000'000), 1'000'000 * kSecond);
}

TEST(PaceTest, ALongRunDoesNotOverflow) {
  const Pace pace(0, 1'000'000);
  EXPECT_EQ(pace.DueNanos(1'000'000'000'000), 1'000'000 * kSecond);
  EXPECT_EQ(pace.CallsDue(1'000'000 * kSecond), 1'000'000'000'001);
}

TEST(PaceTest, NothingIsDueBeforeTheStart) {
  const Pace pace(kSecond, 1000);
  EXPECT_EQ(pace.CallsDue(0), 0);
  EXPECT_EQ(pace.CallsDue(kSecond - 1), 0);
  EXPECT_EQ(pace.CallsDue(kSecond), 1);
}

TEST(PaceTest, AGeneratorThatWasHeldUpOwesAllCallsSince) {
  const Pace pace(0, 1000);
  EXPECT_EQ(pace.CallsDue(kSecond / 2), 501);
  // Call 100 was due 400 ms earlier: that is where its latency begins.
  EXPECT_EQ(kSecond / 2 - pace.DueNanos(100), 400'000'000);
}

TEST(PaceTest, CallsDueIsTheInverseOfDueNanos) {
  for (const std::int64_t per_second : {1, 3, 7, 999, 1000, 2000, 64'000}) {
    const Pace pace(17, per_second);
    for (std::int64_t call = 0; call < 5000; ++call) {
      ASSERT_EQ(pace.CallsDue(pace.DueNanos(call)), call + 1) << per_second;
      ASSERT_EQ(pace.CallsDue(pace.DueNanos(call) - 1), call) << per_second;
    }
  }
}

}  // namespace
}  // namespace marginalia::bench
