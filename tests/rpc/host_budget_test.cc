#include "services/net/host_budget.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

constexpr int kPerSecond = 400;

TEST(HostBudgetTest, OneSecondsWorthIsToBeHadAtOnceAndThenTheRate) {
  SteadyTime now = SteadyTime::Now();
  HostBudget budget(kPerSecond, [&now] { return now; });
  for (int i = 0; i < kPerSecond; ++i) {
    ASSERT_EQ(budget.Wait("host"), absl::ZeroDuration()) << i;
    budget.Spend("host");
  }
  const absl::Duration wait = budget.Wait("host");
  EXPECT_EQ(wait, absl::Seconds(1) / kPerSecond);
  EXPECT_EQ(budget.Wait("other"), absl::ZeroDuration());
  now += wait;
  EXPECT_EQ(budget.Wait("host"), absl::ZeroDuration());
  budget.Spend("host");
  EXPECT_GT(budget.Wait("host"), absl::ZeroDuration());
  now += absl::Hours(1);
  EXPECT_EQ(budget.Wait("host"), absl::ZeroDuration());
}

TEST(HostBudgetTest, HostsBeyondItsLimitAreForgotten) {
  SteadyTime now = SteadyTime::Now();
  HostBudget budget(kPerSecond, [&now] { return now; });
  for (int i = 0; i < kPerSecond; ++i) budget.Spend("spent");
  EXPECT_GT(budget.Wait("spent"), absl::ZeroDuration());
  for (std::size_t i = 0; i < kSpendingHostsMax; ++i) budget.Spend("host" + std::to_string(i));
  EXPECT_EQ(budget.Wait("spent"), absl::ZeroDuration());
}

}  // namespace
}  // namespace marginalia
