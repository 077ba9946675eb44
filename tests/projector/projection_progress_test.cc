#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "services/events/projection/progress.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

using Outcome = ProjectionProgress::Outcome;

constexpr char kLog[] = "00000000000000a1";
constexpr char kOtherLog[] = "00000000000000b2";

class ProjectionProgressTest : public testing::Test {
 protected:
  std::future<Outcome> Wait(const LogPoint& point, absl::Duration time = absl::Seconds(20)) {
    auto outcome = std::make_shared<std::promise<Outcome>>();
    progress_.WaitFor(point, SteadyTime::Now() + time,
                      [outcome](Outcome reached) { outcome->set_value(reached); });
    return outcome->get_future();
  }
  static bool IsOpen(std::future<Outcome>& outcome) {
    return outcome.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  }

  ProjectionProgress progress_;
};

TEST_F(ProjectionProgressTest, APointThatIsReachedIsNotWaitedFor) {
  progress_.Reach({kLog, 7}, absl::Now());
  std::future<Outcome> outcome = Wait({kLog, 7});
  ASSERT_FALSE(IsOpen(outcome));
  EXPECT_EQ(outcome.get(), Outcome::kReached);
}

TEST_F(ProjectionProgressTest, WaitersWakeWhenTheirPointIsReachedAndNotBefore) {
  progress_.Reach({kLog, 1}, absl::Now());
  std::future<Outcome> fifth = Wait({kLog, 5});
  std::future<Outcome> third = Wait({kLog, 3});
  progress_.Reach({kLog, 4}, absl::Now());
  EXPECT_EQ(third.get(), Outcome::kReached);
  EXPECT_TRUE(IsOpen(fifth));
  progress_.Reach({kLog, 9}, absl::Now());
  EXPECT_EQ(fifth.get(), Outcome::kReached);
}

TEST_F(ProjectionProgressTest, AWaiterIsAnsweredLateWhenItsTimeHasPassed) {
  // The second one comes when the waker is certainly asleep, with nothing else to wait for.
  for (int again = 0; again < 2; ++again) {
    const SteadyTime begin = SteadyTime::Now();
    EXPECT_EQ(Wait({kLog, 5}, absl::Milliseconds(20)).get(), Outcome::kLate);
    EXPECT_LT(SteadyTime::Now() - begin, absl::Seconds(5));
  }
  EXPECT_EQ(Wait({kLog, 5}, -absl::Seconds(1)).get(), Outcome::kLate);
}

TEST_F(ProjectionProgressTest, AnEarlierDeadlineIsNotHeldUpByALaterOne) {
  std::future<Outcome> later = Wait({kLog, 5});
  EXPECT_EQ(Wait({kLog, 5}, absl::Milliseconds(20)).get(), Outcome::kLate);
  EXPECT_TRUE(IsOpen(later));
}

TEST_F(ProjectionProgressTest, APointOfAnotherLogIsRefusedOnlyWhileTheLogIsCertain) {
  progress_.Reach({kLog, 5}, absl::Now());
  std::future<Outcome> waiting = Wait({kOtherLog, 1});
  EXPECT_TRUE(IsOpen(waiting));
  progress_.SetFollowing(true);
  EXPECT_EQ(waiting.get(), Outcome::kOtherLog);
  EXPECT_EQ(Wait({kOtherLog, 1}).get(), Outcome::kOtherLog);
}

TEST_F(ProjectionProgressTest, AWaiterForTheNewLogIsAnsweredOnceTheProjectionIsOfThatLog) {
  progress_.Reach({kLog, 50}, absl::Now());
  std::future<Outcome> waiting = Wait({kOtherLog, 2});
  progress_.Reach({kOtherLog, 2}, absl::Now());
  EXPECT_EQ(waiting.get(), Outcome::kReached);
}

TEST_F(ProjectionProgressTest, WaitersBeyondTheLimitAreRefused) {
  std::vector<std::future<Outcome>> waiting;
  for (std::size_t i = 0; i < kFreshnessWaitersMax; ++i) waiting.push_back(Wait({kLog, 5}));
  EXPECT_EQ(progress_.waiting(), kFreshnessWaitersMax);
  EXPECT_EQ(Wait({kLog, 5}).get(), Outcome::kTooManyWaiters);
  progress_.Reach({kLog, 5}, absl::Now());
  for (std::future<Outcome>& outcome : waiting) EXPECT_EQ(outcome.get(), Outcome::kReached);
}

TEST_F(ProjectionProgressTest, ClosingAnswersEveryWaiter) {
  std::future<Outcome> waiting = Wait({kLog, 5});
  progress_.Close();
  EXPECT_EQ(waiting.get(), Outcome::kClosed);
  EXPECT_EQ(Wait({kLog, 5}).get(), Outcome::kClosed);
}

TEST_F(ProjectionProgressTest, UntilItClosesWhoeverWaitsGoesOnWaiting) {
  progress_.Reach({kLog, 4}, absl::Now());
  progress_.CloseAt(SteadyTime::Now() + absl::Minutes(10));
  std::future<Outcome> before = Wait({kLog, 5});
  EXPECT_TRUE(IsOpen(before));
  progress_.Reach({kLog, 5}, absl::Now());
  EXPECT_EQ(before.get(), Outcome::kReached);
  std::future<Outcome> never = Wait({kLog, 6});
  progress_.CloseAt(SteadyTime::Now());
  EXPECT_EQ(never.get(), Outcome::kClosed);
}

TEST_F(ProjectionProgressTest, LagCountsFromTheLastMomentAtWhichNothingWasMissing) {
  const Stopwatch since;
  const auto lag = [&] { return progress_.Lag(since.start()) + since.elapsed(); };
  progress_.Reach({kLog, 5}, absl::Now() - absl::Minutes(5));
  EXPECT_GE(lag(), absl::Minutes(5));
  EXPECT_LT(progress_.Lag(since.start()), absl::Minutes(5) + absl::Milliseconds(1));
  progress_.Reach({kLog, 6}, absl::InfinitePast());
  EXPECT_GE(lag(), absl::Minutes(5));
  progress_.Reach({kLog, 7}, absl::Now() - absl::Minutes(1));
  EXPECT_GE(lag(), absl::Minutes(1));
  EXPECT_LT(progress_.Lag(since.start()), absl::Minutes(1) + absl::Milliseconds(1));
  // The other service's clock is ahead: no more than now is known, and it ages as time passes.
  progress_.Reach({kLog, 8}, absl::Now() + absl::Hours(1));
  EXPECT_EQ(progress_.Lag(since.start()), absl::ZeroDuration());
  EXPECT_GE(progress_.Lag(SteadyTime::Now() + absl::Minutes(2)), absl::Minutes(2));
}

TEST_F(ProjectionProgressTest, TheEpochChangesWithThePointOnly) {
  progress_.Reach({kLog, 5}, absl::Now());
  const std::uint64_t epoch = progress_.epoch();
  progress_.Reach({kLog, 5}, absl::Now());
  EXPECT_EQ(progress_.epoch(), epoch);
  progress_.Reach({kLog, 6}, absl::Now());
  EXPECT_NE(progress_.epoch(), epoch);
}

TEST_F(ProjectionProgressTest, NoWakeUpIsLostBetweenManyWaitersAndTheProjector) {
  constexpr int kPositions = 2000;
  std::atomic<int> reached = 0;
  std::thread projector([this] {
    for (int position = 1; position <= kPositions; ++position) {
      progress_.Reach({kLog, position}, absl::Now());
    }
  });
  std::vector<std::future<Outcome>> waiting;
  for (int position = 1; position <= kPositions; ++position) {
    waiting.push_back(Wait({kLog, position}));
  }
  for (std::future<Outcome>& outcome : waiting) reached += outcome.get() == Outcome::kReached;
  projector.join();
  EXPECT_EQ(reached, kPositions);
}

TEST(ProjectionReadinessTest, ASourceThatIsAwayIsWaitedForNoLongerThanItsLimit) {
  ProjectionProgress progress(absl::Milliseconds(50));
  std::promise<bool> ready;
  progress.WhenReady([&ready](bool known) { ready.set_value(known); });
  EXPECT_FALSE(ready.get_future().get());
}

TEST(ProjectionReadinessTest, ASourceThatIsHeardOfIsWaitedFor) {
  ProjectionProgress progress(absl::Seconds(3));
  std::promise<bool> ready;
  auto told = ready.get_future();
  progress.WhenReady([&ready](bool known) { ready.set_value(known); });
  for (int i = 0; i < 40; ++i) {
    progress.SourceHeard();
    ASSERT_EQ(told.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  }
  progress.Reach({"00000000000000aa", 0}, absl::Now());
  EXPECT_TRUE(told.get());
}

TEST(ProjectionReadinessTest, NobodyIsToldAfterClose) {
  ProjectionProgress progress(absl::ZeroDuration());
  progress.Close();
  progress.WhenReady([](bool) { ADD_FAILURE() << "it is closed"; });
}

}  // namespace
}  // namespace marginalia
