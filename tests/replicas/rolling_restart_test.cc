// Every process is told to stop and started again, one after the other, over and over under load:
// each exits with 0, no call fails after one retry, and no checkpoint contradicts another.
#include <gtest/gtest.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/replicas/replicas_fixture.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kHangMin{120};
constexpr std::chrono::seconds kHangPerRound{60};

class RollingRestartTest : public ReplicasFixture {};

TEST_F(RollingRestartTest, EveryProcessIsReplacedUnderLoadAndNoCallFailsAfterOneRetry) {
  const int rounds = RoundsFromEnvironment("ROLLING_RESTARTS", ROLLING_RESTARTS_DEFAULT);
  const Watchdog watchdog(kHangMin + rounds * kHangPerRound, notice_);
  Watchers watchers(replicas_, clients_, threads_);
  const auto records = WatchRecords(replicas_, {"northlight", "harbor", "quarry"});
  {
    Posters posters(replicas_, clients_, threads_, history_);
    for (int round = 1; round <= rounds && !HasFailure(); ++round) {
      for (Replica* replica : replicas_.all()) {
        AwaitProgressOfAll();
        // Posters end at the first failure: there is nothing to wait for any more.
        if (HasFailure()) break;
        notice_.Begin(absl::StrCat("restart ", round, " of ", replica->name()));
        EXPECT_EQ(replica->Terminate(), 0) << replica->LastWords();
        replica->Start();
        notice_.End();
      }
    }
    AwaitProgressOfAll();
    EXPECT_TRUE(records->AwaitGrowth(1, std::chrono::seconds(60)));
  }
  EXPECT_THAT(records->contradictions(), testing::IsEmpty());
  ASSERT_FALSE(HasFailure());
  watchers.AwaitAllOf(history_);
  history_.Check(replicas_, clients_, threads_);
  RecordProperty("acknowledged", static_cast<int>(history_.size()));
}

}  // namespace
}  // namespace marginalia
