#include "services/rpc/shield/reset_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "absl/time/time.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kHost[] = "ipv4:192.0.2.1:";
constexpr char kOtherHost[] = "ipv4:192.0.2.2:";

class ResetBudgetTest : public testing::Test {
 protected:
  // What is found at a look, so much after the one before, of connections 1 and 2 of one host and 3
  // of another, which have reset so many calls.
  std::unordered_set<std::int64_t> After(absl::Duration pause, std::int64_t first,
                                         std::int64_t second = 0, std::int64_t others = 0) {
    now_ += pause;
    return budget_.Overspent(
        {{.id = 1, .peer = std::string(kHost) + "1", .reset_calls = first},
         {.id = 2, .peer = std::string(kHost) + "2", .reset_calls = second},
         {.id = 3, .peer = std::string(kOtherHost) + "1", .reset_calls = others}},
        now_);
  }

  ResetBudget budget_;
  SteadyTime now_ = SteadyTime::Now();
};

TEST_F(ResetBudgetTest, WhoResetsFarMoreThanASecondsWorthHasOverspentAndNobodyElse) {
  EXPECT_THAT(After(absl::ZeroDuration(), 0), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(10), kResetCallsPerSecondMax, 7, 500), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(10), 2 * kResetCallsPerSecondMax, 14, 1000), ElementsAre(1));
}

TEST_F(ResetBudgetTest, TheConnectionsOfAHostHaveOneBudgetTogether) {
  EXPECT_THAT(After(absl::ZeroDuration(), 0), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(10), kResetCallsPerSecondMax, kResetCallsPerSecondMax),
              UnorderedElementsAre(1, 2));
}

TEST_F(ResetBudgetTest, WhoSharesAHostWithOneWhoWasEndedMayResetAsBefore) {
  After(absl::ZeroDuration(), 0);
  const std::int64_t flood = 10 * kResetCallsPerSecondMax;
  EXPECT_THAT(After(absl::Milliseconds(10), flood), ElementsAre(1));
  EXPECT_THAT(After(absl::Milliseconds(10), flood, 3), IsEmpty());
}

TEST_F(ResetBudgetTest, WhoResetsAllThatMayBeOpenTwiceASecondMayGoOn) {
  std::int64_t resets = 0;
  After(absl::ZeroDuration(), resets);
  for (int i = 0; i < 100; ++i) {
    resets += kStreamsPerConnectionMax;
    EXPECT_THAT(After(absl::Milliseconds(500), resets), IsEmpty()) << i;
  }
}

TEST_F(ResetBudgetTest, WhatWasSpentIsEarnedAgainAndNoMoreIsSavedUp) {
  After(absl::ZeroDuration(), 0);
  EXPECT_THAT(After(absl::Milliseconds(1), kResetCallsPerSecondMax), IsEmpty());
  EXPECT_THAT(After(absl::Seconds(1), 2 * kResetCallsPerSecondMax), IsEmpty());
  // An hour of quiet is worth one second.
  EXPECT_THAT(After(absl::Hours(1), 2 * kResetCallsPerSecondMax), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(1), 4 * kResetCallsPerSecondMax), ElementsAre(1));
}

TEST_F(ResetBudgetTest, WhatWasBeforeTheFirstLookIsNotHeldAgainstAConnection) {
  EXPECT_THAT(After(absl::ZeroDuration(), 100 * kResetCallsPerSecondMax), IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(1), 100 * kResetCallsPerSecondMax + 1), IsEmpty());
}

TEST_F(ResetBudgetTest, AHostThatTakesAFreshConnectionForEachFewResetsOverspendsAllTheSame) {
  After(absl::ZeroDuration(), 0);
  std::vector<ServedConnection> connections;
  for (std::int64_t id = 10; id < 15; ++id) {
    connections.push_back({.id = id,
                           .peer = std::string(kHost) + std::to_string(id),
                           .reset_calls = kResetCallsPerSecondMax / 2});
  }
  EXPECT_THAT(budget_.Overspent(connections, now_ + absl::Milliseconds(10)),
              UnorderedElementsAre(10, 11, 12, 13, 14));
}

}  // namespace
}  // namespace marginalia
