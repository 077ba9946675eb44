#include "services/rpc/client/deadline.h"

#include <gtest/gtest.h>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

TEST(DeadlineTest, TheCallersDeadlineIsPassedOnLessTheMargin) {
  const SteadyTime callers = SteadyTime::Now() + absl::Seconds(30);
  EXPECT_EQ(*DeadlineUpstream(callers, absl::Minutes(1)), callers - kDeadlineMargin);
}

TEST(DeadlineTest, ACallUpstreamTakesNoLongerThanItsLimit) {
  const SteadyTime before = SteadyTime::Now();
  const SteadyTime deadline = *DeadlineUpstream(SteadyTime::Never(), absl::Seconds(2));
  EXPECT_GE(deadline, before + absl::Seconds(2));
  EXPECT_LE(deadline, SteadyTime::Now() + absl::Seconds(2));
}

TEST(DeadlineTest, WithTooLittleLeftTheCallFailsAtOnce) {
  for (const absl::Duration left : {absl::Seconds(-1), absl::ZeroDuration(), kDeadlineMargin}) {
    const auto deadline = DeadlineUpstream(SteadyTime::Now() + left, absl::Seconds(2));
    EXPECT_EQ(deadline.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(ReasonOf(deadline.status()), "DEADLINE_TOO_NEAR");
  }
}

}  // namespace
}  // namespace marginalia
