#include "services/storage/group/group_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <filesystem>
#include <future>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/final_state.h"
#include "services/storage/group/group_metrics.h"
#include "tests/storage/number_table.h"
#include "tests/support/database_under_test.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr SteadyTime kNoDeadline = SteadyTime::Never();

// Notes which of its functions were called, by their first letters.
class Recorder : public GroupParticipant {
 public:
  explicit Recorder(std::string& calls) : calls_(calls) {}
  void Begin(Connection&) override { calls_ += 'b'; }
  void BeforeCommit(Connection&) override { calls_ += 'B'; }
  void Committed() override { calls_ += 'C'; }
  void RolledBack() override { calls_ += 'R'; }

 private:
  std::string& calls_;
};

// How several submitted writes ended, in the order of their answers.
class Answers {
 public:
  GroupCommit::Done Next() {
    return [this](const absl::Status& status) {
      const std::lock_guard lock(mutex_);
      statuses_.push_back(status);
      changed_.notify_all();
    };
  }
  std::vector<absl::Status> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return statuses_.size() >= count; });
    return statuses_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<absl::Status> statuses_;
};

class GroupCommitTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  GroupCommitTest() : url_(NewDatabaseUrl(GetParam())), database_(OpenNumbers(url_)) {}

  void Start(std::vector<GroupParticipant*> participants = {}) {
    writes_ = std::make_unique<GroupCommit>(
        *database_, std::move(participants),
        [](std::string_view reason) { ADD_FAILURE() << "the writer failed: " << reason; });
  }

  absl::Status Write(GroupCommit::Write write) {
    return writes_->SubmitAndWait(kNoDeadline, std::move(write));
  }

  // Holds the writer in a write of its own, so that what is submitted meanwhile makes one group.
  void HoldWriter() {
    release_ = {};
    std::promise<void> held;
    auto is_held = held.get_future();
    writes_->Submit(
        kNoDeadline,
        [released = release_.get_future().share(),
         held = std::make_shared<std::promise<void>>(std::move(held))](Connection&) {
          held->set_value();
          released.wait();
          return absl::OkStatus();
        },
        answers_.Next());
    is_held.wait();
  }
  void ReleaseWriter() { release_.set_value(); }

  void Reopen() {
    writes_.reset();
    database_.reset();
    database_ = OpenNumbers(url_);
  }

  const std::string url_;
  std::unique_ptr<Database> database_;
  std::promise<void> release_;
  Answers answers_;
  std::unique_ptr<GroupCommit> writes_;
};

INSTANTIATE_ON_EVERY_DATABASE(GroupCommitTest);

TEST_P(GroupCommitTest, AnAnsweredWriteIsVisibleAtOnceAndAfterReopening) {
  Start();
  EXPECT_EQ(Write(Insert(1)), absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(1));
  Reopen();
  EXPECT_THAT(Numbers(*database_), ElementsAre(1));
}

TEST_P(GroupCommitTest, WritesThatWaitTogetherAreCommittedTogether) {
  std::string calls;
  Recorder recorder(calls);
  Start({&recorder});
  HoldWriter();
  for (int number = 1; number <= 20; ++number) {
    writes_->Submit(kNoDeadline, Insert(number), answers_.Next());
  }
  ReleaseWriter();
  for (const absl::Status& status : answers_.Await(21)) EXPECT_EQ(status, absl::OkStatus());
  EXPECT_EQ(calls, "bBCbBC");
  EXPECT_EQ(Numbers(*database_).size(), 20u);
  const GroupStatistics& statistics = writes_->statistics();
  EXPECT_EQ(statistics.writes.sum(), 21);
  // One write alone, and 20 in the bucket up to 32.
  EXPECT_EQ(statistics.writes.Counts()[0], 1u);
  EXPECT_EQ(statistics.writes.Counts()[5], 1u);
}

TEST_P(GroupCommitTest, OfAWriteAheadLogOnlySqliteIsTold) {
  Start();
  Metrics metrics;
  AddGroupMetrics(metrics, *writes_, GetParam());
  ASSERT_TRUE(metrics.Serve("127.0.0.1:0").ok());
  ASSERT_EQ(Write(Insert(1)), absl::OkStatus());
  const std::string scrape = HttpClient(metrics.address()).Get("/metrics").body;
  EXPECT_THAT(scrape, HasSubstr("\nmarginalia_commit_seconds_count 1\n"));
  const bool sqlite = GetParam() == DatabaseKind::kSqlite;
  EXPECT_EQ(writes_->wal_pages().has_value(), sqlite);
  EXPECT_EQ(scrape.find("marginalia_wal_") != std::string::npos, sqlite);
}

// Waits for its lock until it is told that it has it.
class Waiter : public Recorder {
 public:
  using Recorder::Recorder;
  void Lock(Connection&) override {
    waits_.count_down();
    had_.wait();
  }
  void AwaitWaiting() { waits_.wait(); }
  void GiveLock() { had_.count_down(); }

 private:
  std::latch waits_{1};
  std::latch had_{1};
};

TEST_P(GroupCommitTest, WhatQueuesWhileTheLockIsWaitedForJoinsTheGroup) {
  std::string calls;
  Waiter waiter(calls);
  Start({&waiter});
  writes_->Submit(kNoDeadline, Insert(1), answers_.Next());
  waiter.AwaitWaiting();
  for (int number = 2; number <= 20; ++number) {
    writes_->Submit(kNoDeadline, Insert(number), answers_.Next());
  }
  waiter.GiveLock();
  for (const absl::Status& status : answers_.Await(20)) EXPECT_EQ(status, absl::OkStatus());
  EXPECT_EQ(calls, "bBC");
  EXPECT_EQ(Numbers(*database_).size(), 20u);
}

TEST_P(GroupCommitTest, AGroupTakesNoMoreThanItsLimit) {
  std::string calls;
  Recorder recorder(calls);
  Start({&recorder});
  HoldWriter();
  for (std::size_t number = 1; number <= kGroupWritesMax + 1; ++number) {
    writes_->Submit(kNoDeadline, Insert(static_cast<std::int64_t>(number)), answers_.Next());
  }
  ReleaseWriter();
  answers_.Await(kGroupWritesMax + 2);
  EXPECT_EQ(calls, "bBCbBCbBC");
}

TEST_P(GroupCommitTest, ParticipantsAreCalledInOrderAndBeforeTheAnswer) {
  std::string calls;
  Recorder first(calls), second(calls);
  Start({&first, &second});
  EXPECT_EQ(Write([&calls](Connection&) {
              calls += 'w';
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_EQ(calls, "bbwBBCC");
}

TEST_P(GroupCommitTest, AWriteThatThrowsUndoesOnlyItself) {
  std::string calls;
  Recorder recorder(calls);
  Start({&recorder});
  ASSERT_EQ(Write(Insert(2)), absl::OkStatus());
  calls.clear();
  HoldWriter();
  for (const int number : {1, 2, 3}) {
    writes_->Submit(kNoDeadline, Insert(number), answers_.Next());
  }
  ReleaseWriter();
  const std::vector<absl::Status> statuses = answers_.Await(4);
  EXPECT_EQ(statuses[1], absl::OkStatus());
  EXPECT_EQ(statuses[2].code(), absl::StatusCode::kInternal);
  EXPECT_EQ(statuses[3], absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(1, 2, 3));
  // The held write; the group, undone; its writes one at a time.
  EXPECT_EQ(calls,
            "bBC"
            "bR"
            "bBC"
            "bR"
            "bBC");
}

TEST_P(GroupCommitTest, AnErrorOfTheDatabaseIsNotToldToTheCaller) {
  Start();
  ASSERT_EQ(Write(Insert(7)), absl::OkStatus());
  const absl::Status status = Write(Insert(7));
  EXPECT_EQ(status.message(), "The storage failed unexpectedly.");
}

TEST_P(GroupCommitTest, ARefusalLeavesTheOthersOfItsGroupAlone) {
  Start();
  HoldWriter();
  writes_->Submit(kNoDeadline, Insert(1), answers_.Next());
  writes_->Submit(
      kNoDeadline, [](Connection&) { return absl::NotFoundError("no such thread"); },
      answers_.Next());
  writes_->Submit(kNoDeadline, Insert(2), answers_.Next());
  ReleaseWriter();
  const std::vector<absl::Status> statuses = answers_.Await(4);
  EXPECT_EQ(statuses[2], absl::NotFoundError("no such thread"));
  EXPECT_THAT(Numbers(*database_), ElementsAre(1, 2));
}

TEST_P(GroupCommitTest, AWriteThatHidesAFailedStatementDoesNotPassForCommitted) {
  Start();
  ASSERT_EQ(Write(Insert(1)), absl::OkStatus());
  const absl::Status status = Write([](Connection& connection) {
    connection.sql() << "INSERT INTO numbers (number) VALUES (5)";
    try {
      connection.sql() << "INSERT INTO numbers (number) VALUES (1)";
    } catch (const soci::soci_error&) {
    }
    return absl::OkStatus();
  });
  const bool stored = Numbers(*database_).size() == 2;
  EXPECT_EQ(status.ok(), stored);
}

TEST_P(GroupCommitTest, AFullQueueRefusesWithARetryHint) {
  Start();
  HoldWriter();
  for (std::size_t i = 1; i < kWritesQueuedMax; ++i) {
    writes_->Submit(
        kNoDeadline, [](Connection&) { return absl::OkStatus(); }, answers_.Next());
  }
  EXPECT_EQ(writes_->queued(), kWritesQueuedMax);
  absl::Status refused;
  writes_->Submit(kNoDeadline, Insert(1), [&refused](const absl::Status& s) { refused = s; });
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "WRITE_QUEUE_FULL");
  EXPECT_GT(RetryAfterOf(refused), absl::ZeroDuration());
  EXPECT_EQ(writes_->statistics().refused.load(), 1);
  ReleaseWriter();
  answers_.Await(kWritesQueuedMax);
  EXPECT_EQ(Write(Insert(2)), absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(2));
}

TEST_P(GroupCommitTest, ADeadlineThatPassesInTheQueueWritesNothing) {
  Start();
  HoldWriter();
  writes_->Submit(SteadyTime::Now() - absl::Milliseconds(1), Insert(1), answers_.Next());
  ReleaseWriter();
  const absl::Status status = answers_.Await(2)[1];
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(status), "DEADLINE_EXCEEDED");
  EXPECT_THAT(Numbers(*database_), IsEmpty());
}

TEST_P(GroupCommitTest, StoppingFinishesWhatIsQueued) {
  Start();
  HoldWriter();
  for (int number = 1; number <= 10; ++number) {
    writes_->Submit(kNoDeadline, Insert(number), answers_.Next());
  }
  ReleaseWriter();
  writes_.reset();
  for (const absl::Status& status : answers_.Await(11)) EXPECT_EQ(status, absl::OkStatus());
  EXPECT_EQ(Numbers(*database_).size(), 10u);
}

TEST_P(GroupCommitTest, ManyThreadsLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kWritesEach = 100;
  Start();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < kWritesEach; ++i) {
        EXPECT_EQ(Write(Insert(thread * kWritesEach + i)), absl::OkStatus());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Numbers(*database_).size(), static_cast<std::size_t>(kThreads * kWritesEach));
}

// A participant that cannot prepare the commit: the whole attempt is undone.
class Saboteur : public GroupParticipant {
 public:
  void Begin(Connection&) override {}
  void BeforeCommit(Connection&) override {
    if (armed) throw std::runtime_error("sabotage");
  }
  void Committed() override {}
  void RolledBack() override {}
  bool armed = true;
};

// Finds that nothing can ever be written again.
class Undertaker : public GroupParticipant {
 public:
  void Begin(Connection&) override { throw FinalState("all is lost: begin anew"); }
  void BeforeCommit(Connection&) override {}
  void Committed() override {}
  void RolledBack() override {}
};

TEST_P(GroupCommitTest, AFinalStateEndsWritingWithoutTryingTheGroupAgain) {
  Undertaker undertaker;
  std::promise<std::string> failed;
  GroupCommit writes(*database_, {&undertaker},
                     [&failed](std::string_view reason) { failed.set_value(std::string(reason)); });
  int runs = 0;
  for (int i = 0; i < 2; ++i) {
    const absl::Status refused = writes.SubmitAndWait(kNoDeadline, [&runs](Connection&) {
      ++runs;
      return absl::OkStatus();
    });
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(refused), "STORAGE_UNAVAILABLE");
  }
  EXPECT_EQ(failed.get_future().get(), "all is lost: begin anew");
  EXPECT_EQ(runs, 0);
}

TEST_P(GroupCommitTest, ADamagedDatabaseEndsWriting) {
  std::promise<std::string> failed;
  GroupCommit writes(*database_, {},
                     [&failed](std::string_view reason) { failed.set_value(std::string(reason)); });
  const absl::Status damaged = writes.SubmitAndWait(kNoDeadline, [](Connection& connection) {
    if (connection.kind() == DatabaseKind::kSqlite) {
      throw soci::sqlite3_soci_error("malformed", SQLITE_CORRUPT);
    }
    connection.sql() << "INSERT INTO gone VALUES (1)";
    return absl::OkStatus();
  });
  EXPECT_EQ(damaged.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(failed.get_future().get(), testing::HasSubstr("then start again"));
}

TEST(MovedFileTest, AFileThatIsTakenAwayIsNotWrittenToAnyMore) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kSqlite);
  const std::string path = url.substr(std::string_view("sqlite:").size());
  const auto database = OpenNumbers(url);
  std::promise<std::string> failed;
  GroupCommit writes(*database, {},
                     [&failed](std::string_view reason) { failed.set_value(std::string(reason)); });
  ASSERT_EQ(writes.SubmitAndWait(kNoDeadline, Insert(1)), absl::OkStatus());
  std::filesystem::rename(path, path + ".away");
  EXPECT_EQ(writes.SubmitAndWait(kNoDeadline, Insert(2)).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(failed.get_future().get(), testing::HasSubstr("was moved"));
}

TEST_P(GroupCommitTest, AParticipantThatThrowsUndoesTheGroup) {
  Saboteur saboteur;
  Start({&saboteur});
  EXPECT_EQ(Write(Insert(1)).code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Numbers(*database_), IsEmpty());
  EXPECT_EQ(Write([&saboteur](Connection&) {
              saboteur.armed = false;
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_EQ(Write(Insert(1)), absl::OkStatus());
}

TEST(GroupCommitDeadlockTest, AWriteThatDeadlocksWithAnotherReplicasCostsNeitherItsGroupNorItself) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kPostgres);
  const std::unique_ptr<Database> here = OpenNumbers(url);
  const std::unique_ptr<Database> there = OpenNumbers(url);
  const auto fail = [](std::string_view reason) { ADD_FAILURE() << reason; };
  GroupCommit first(*here, {}, fail);
  GroupCommit second(*there, {}, fail);
  for (const std::int64_t number : {1, 2}) {
    ASSERT_TRUE(first.SubmitAndWait(kNoDeadline, Insert(number)).ok());
  }
  // Each has its first row before either asks for the other's.
  std::latch both_hold(2);
  const auto lock_both = [&both_hold](std::int64_t one, std::int64_t other) {
    return [&both_hold, one, other, waits = true](Connection& connection) mutable {
      const char kTouch[] = "UPDATE numbers SET number = number WHERE number = :number";
      connection.sql() << kTouch, soci::use(one);
      if (std::exchange(waits, false)) both_hold.arrive_and_wait();
      connection.sql() << kTouch, soci::use(other);
      return absl::OkStatus();
    };
  };
  Answers answers;
  // What is submitted while the writers are held makes one group for each of them.
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  for (GroupCommit* writes : {&first, &second}) {
    writes->Submit(
        kNoDeadline,
        [released](Connection&) {
          released.wait();
          return absl::OkStatus();
        },
        answers.Next());
  }
  first.Submit(kNoDeadline, lock_both(1, 2), answers.Next());
  second.Submit(kNoDeadline, lock_both(2, 1), answers.Next());
  first.Submit(kNoDeadline, Insert(3), answers.Next());
  second.Submit(kNoDeadline, Insert(4), answers.Next());
  release.set_value();
  for (const absl::Status& status : answers.Await(6)) EXPECT_EQ(status, absl::OkStatus());
  EXPECT_THAT(Numbers(*here), ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace marginalia
