// Processes are killed and stopped, replicas are cut off from the database and the database is
// restarted, one after the other and under load: nothing is lost, nothing is doubled, and no call
// fails after one retry.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "tests/replicas/faults.h"
#include "tests/replicas/replicas_fixture.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kHangMin{120};
constexpr std::chrono::seconds kHangPerRound{15};

class ReplicaFaultsTest : public ReplicasFixture {};

TEST_F(ReplicaFaultsTest, WhateverGoesWrongNothingIsLostOrDoubledAndNoCallFailsAfterOneRetry) {
  const int rounds = RoundsFromEnvironment("REPLICA_ROUNDS", REPLICA_ROUNDS_DEFAULT);
  const int seed = RoundsFromEnvironment("REPLICA_SEED", 20261124);
  SCOPED_TRACE("REPLICA_SEED=" + std::to_string(seed));
  const Watchdog watchdog(kHangMin + rounds * kHangPerRound, notice_);
  Watchers watchers(replicas_, clients_, threads_);
  Faults faults(replicas_, node_, notice_, static_cast<unsigned>(seed));
  {
    Posters posters(replicas_, clients_, threads_, history_);
    for (int i = 0; i < rounds && !HasFailure(); ++i) {
      AwaitProgressOfAll();
      faults.Next();
    }
    AwaitProgressOfAll();
  }
  ASSERT_FALSE(HasFailure());
  watchers.AwaitAllOf(history_);
  history_.Check(replicas_, clients_, threads_);
  RecordProperty("acknowledged", static_cast<int>(history_.size()));
}

}  // namespace
}  // namespace marginalia
