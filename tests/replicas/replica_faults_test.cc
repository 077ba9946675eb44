// Processes are killed and stopped, replicas are cut off from the database and the database is
// restarted, one after the other, while some post and others do all that can be done with comments
// and threads: nothing is lost, nothing is doubled or half done, no call fails after one retry, and
// all that can be read agrees with the log. What one replica has signed of a record, no replica
// contradicts.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "tests/faults/changers.h"
#include "tests/replicas/faults.h"
#include "tests/replicas/replicas_fixture.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kHangMin{120};
constexpr std::chrono::seconds kHangPerRound{15};

constexpr int kChangers = 3;

// One retry, by way of another replica.
class ReplicasDoor : public ChangersDoor {
 public:
  ReplicasDoor(ReplicaSet& replicas, ReplicaClients& clients)
      : replicas_(replicas), clients_(clients) {}

  bool Ask(std::string_view what, std::size_t replica, const std::string& token,
           const Call& call) override {
    return clients_.CallComments(what, replica, token, call);
  }
  std::string Token(const std::string& user, const std::string& role,
                    const std::string& org) override {
    return replicas_.Token(user, role, org);
  }

 private:
  ReplicaSet& replicas_;
  ReplicaClients& clients_;
};

class ReplicaFaultsTest : public ReplicasFixture {
 protected:
  const std::vector<Thread> changed_ =
      MakeThreads(replicas_, clients_, {"northlight", "harbor"}, 2, "CHANGED-");
};

TEST_F(ReplicaFaultsTest, WhateverGoesWrongNothingIsLostOrDoubledAndNoCallFailsAfterOneRetry) {
  const int rounds = RoundsFromEnvironment("REPLICA_ROUNDS", REPLICA_ROUNDS_DEFAULT);
  const int seed = RoundsFromEnvironment("REPLICA_SEED", 20261124);
  SCOPED_TRACE("REPLICA_SEED=" + std::to_string(seed));
  const Watchdog watchdog(kHangMin + rounds * kHangPerRound, notice_);
  std::vector<Thread> all = threads_;
  all.insert(all.end(), changed_.begin(), changed_.end());
  std::vector<ChangedThread> to_change;
  for (const Thread& thread : changed_) to_change.push_back({thread.org_id, thread.invoice_id});
  Watchers watchers(replicas_, clients_, all);
  ReplicasDoor door(replicas_, clients_);
  ToldChanges changes;
  const auto records = WatchRecords(replicas_, {"northlight", "harbor"});
  Faults faults(replicas_, node_, notice_, static_cast<unsigned>(seed));
  {
    Posters posters(replicas_, clients_, threads_, history_);
    Changers changers(door, to_change, kChangers, static_cast<unsigned>(seed),
                      replicas_.comments().size(), changes);
    for (int i = 0; i < rounds && !HasFailure(); ++i) {
      AwaitProgressOfAll();
      faults.Next();
    }
    AwaitProgressOfAll();
    EXPECT_TRUE(records->AwaitGrowth(1, std::chrono::seconds(60)));
  }
  EXPECT_THAT(records->contradictions(), testing::IsEmpty());
  ASSERT_FALSE(HasFailure());
  const LogModel model = ReplicaHistory::ReadLog(replicas_, clients_, all);
  watchers.AwaitAllOf(model);
  history_.Check(replicas_, clients_, all, model);
  changes.Check(model);
  // Each verb was among what went on meanwhile.
  EXPECT_EQ(changes.Kinds().size(), 6u);
  RecordProperty("acknowledged", static_cast<int>(history_.size() + changes.size()));
}

}  // namespace
}  // namespace marginalia
