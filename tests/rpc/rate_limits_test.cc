#include "services/rpc/gate/rate_limits.h"

#include <gtest/gtest.h>

#include <string>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

class RateLimitsTest : public testing::Test {
 protected:
  RateLimitOptions Options(int tenant, int person) {
    return {tenant, person, [this] { return now_; }};
  }
  static Caller Person(const std::string& user, const std::string& org = "northlight") {
    return {org, user, "", Role::kMember};
  }
  // How many calls are let through before one is refused.
  static int Allowed(RateLimits& limits, const Caller& caller, int most = 1000) {
    int allowed = 0;
    while (allowed < most && limits.Take(caller).ok()) ++allowed;
    return allowed;
  }

  SteadyTime now_ = SteadyTime::Now();
};

TEST_F(RateLimitsTest, NobodyIsLimitedUnlessALimitIsSet) {
  RateLimits limits(Options(0, 0));
  EXPECT_EQ(Allowed(limits, Person("dana")), 1000);
}

TEST_F(RateLimitsTest, OneSecondsWorthMayComeAtOnceAndThenTheRate) {
  RateLimits limits(Options(0, 10));
  EXPECT_EQ(Allowed(limits, Person("dana")), 10);
  now_ += absl::Milliseconds(100);
  EXPECT_EQ(Allowed(limits, Person("dana")), 1);
  now_ += absl::Hours(1);
  EXPECT_EQ(Allowed(limits, Person("dana")), 10);
}

TEST_F(RateLimitsTest, ARefusalSaysWhoseLimitItIsAndHowLongToWait) {
  RateLimits limits(Options(0, 10));
  Allowed(limits, Person("dana"));
  const absl::Status refused = limits.Take(Person("dana"));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "RATE_LIMITED");
  EXPECT_EQ(RetryAfterOf(refused), absl::Milliseconds(100));
  now_ += absl::Milliseconds(100);
  EXPECT_TRUE(limits.Take(Person("dana")).ok());
}

TEST_F(RateLimitsTest, ThePeopleOfATenantShareItsLimit) {
  RateLimits limits(Options(10, 0));
  EXPECT_EQ(Allowed(limits, Person("dana"), 6), 6);
  EXPECT_EQ(Allowed(limits, Person("priya")), 4);
}

TEST_F(RateLimitsTest, OneTenantsCallsTakeNothingFromAnothers) {
  RateLimits limits(Options(10, 0));
  EXPECT_EQ(Allowed(limits, Person("dana")), 10);
  EXPECT_EQ(Allowed(limits, Person("dana", "rivalworks")), 10);
}

TEST_F(RateLimitsTest, APersonWhoIsRefusedTakesNothingFromTheTenant) {
  RateLimits limits(Options(20, 10));
  EXPECT_EQ(Allowed(limits, Person("dana")), 10);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.Take(Person("dana")).ok());
  EXPECT_EQ(Allowed(limits, Person("priya")), 10);
}

TEST_F(RateLimitsTest, AMachineHasItsTenantsLimitAlone) {
  RateLimits limits(Options(20, 10));
  EXPECT_EQ(Allowed(limits, {"northlight", "importer", "", Role::kService}), 20);
}

TEST_F(RateLimitsTest, AMachineOfNoTenantIsNeverLimited) {
  RateLimits limits(Options(20, 10));
  EXPECT_EQ(Allowed(limits, {"", "projector", "", Role::kService}), 1000);
}

TEST_F(RateLimitsTest, ManyPersonsAreForgottenAndNotKeptWithoutBound) {
  RateLimits limits(Options(0, 10));
  for (std::size_t i = 0; i < 3 * kRateBucketsMax; ++i) {
    ASSERT_TRUE(limits.Take(Person("user-" + std::to_string(i))).ok());
    if (i % 1000 == 0) now_ += absl::Seconds(1);
  }
  EXPECT_LE(limits.buckets(), kRateBucketsMax);
}

}  // namespace
}  // namespace marginalia
