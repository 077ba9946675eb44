#include "services/rpc/shield/reset_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ResetBudgetTest : public testing::Test {
 protected:
  // What is found at a look, so much after the one before.
  auto After(absl::Duration pause, std::int64_t resets_of_first, std::int64_t resets_of_second) {
    now_ += pause;
    return budget_.Overspent({{.id = 1, .peer = "", .reset_calls = resets_of_first},
                              {.id = 2, .peer = "", .reset_calls = resets_of_second}},
                             now_);
  }

  ResetBudget budget_;
  SteadyTime now_ = SteadyTime::Now();
};

TEST_F(ResetBudgetTest, WhoResetsFarMoreThanASecondsWorthHasOverspentAndNobodyElse) {
  EXPECT_THAT(After(absl::ZeroDuration(), 0, 0), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(10), kResetCallsPerSecondMax, 7), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(10), 2 * kResetCallsPerSecondMax, 7), ElementsAre(1));
}

TEST_F(ResetBudgetTest, WhoResetsAllThatMayBeOpenTwiceASecondMayGoOn) {
  std::int64_t resets = 0;
  After(absl::ZeroDuration(), resets, 0);
  for (int i = 0; i < 100; ++i) {
    resets += kStreamsPerConnectionMax;
    EXPECT_THAT(After(absl::Milliseconds(500), resets, 0), IsEmpty()) << i;
  }
}

TEST_F(ResetBudgetTest, WhatWasSpentIsEarnedAgainAndNoMoreIsSavedUp) {
  After(absl::ZeroDuration(), 0, 0);
  EXPECT_THAT(After(absl::Milliseconds(1), kResetCallsPerSecondMax, 0), IsEmpty());
  EXPECT_THAT(After(absl::Seconds(1), 2 * kResetCallsPerSecondMax, 0), IsEmpty());
  // An hour of quiet is worth one second.
  EXPECT_THAT(After(absl::Hours(1), 2 * kResetCallsPerSecondMax, 0), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(1), 4 * kResetCallsPerSecondMax, 0), ElementsAre(1));
}

TEST_F(ResetBudgetTest, WhatWasBeforeTheFirstLookIsNotHeldAgainstAConnection) {
  EXPECT_THAT(After(absl::ZeroDuration(), 100 * kResetCallsPerSecondMax, 0), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(1), 100 * kResetCallsPerSecondMax + 1, 0), IsEmpty());
}

}  // namespace
}  // namespace marginalia
