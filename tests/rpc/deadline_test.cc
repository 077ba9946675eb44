#include "services/rpc/client/deadline.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

TEST(DeadlineTest, TheCallersDeadlineIsPassedOnLessTheMargin) {
  const absl::Time callers = absl::Now() + absl::Seconds(30);
  EXPECT_EQ(*DeadlineUpstream(callers, absl::Minutes(1)), callers - kDeadlineMargin);
}

TEST(DeadlineTest, ACallUpstreamTakesNoLongerThanItsLimit) {
  const absl::Time before = absl::Now();
  const absl::Time deadline = *DeadlineUpstream(absl::InfiniteFuture(), absl::Seconds(2));
  EXPECT_GE(deadline, before + absl::Seconds(2));
  EXPECT_LE(deadline, absl::Now() + absl::Seconds(2));
}

TEST(DeadlineTest, WithTooLittleLeftTheCallFailsAtOnce) {
  for (const absl::Duration left : {absl::Seconds(-1), absl::ZeroDuration(), kDeadlineMargin}) {
    const auto deadline = DeadlineUpstream(absl::Now() + left, absl::Seconds(2));
    EXPECT_EQ(deadline.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(ReasonOf(deadline.status()), "DEADLINE_TOO_NEAR");
  }
}

}  // namespace
}  // namespace marginalia
