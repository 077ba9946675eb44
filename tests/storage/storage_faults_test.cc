// What happens when the disk beneath a SQLite file fails, fills up or loses its power.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/group/group_commit.h"
#include "tests/storage/faulty_vfs.h"
#include "tests/storage/number_table.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using testing::ElementsAre;

constexpr SteadyTime kNoDeadline = SteadyTime::Never();

class StorageFaultsTest : public testing::Test {
 protected:
  void Open(std::vector<GroupParticipant*> participants = {}) {
    database_ = OpenNumbers(absl::StrCat("sqlite:", path_, "?vfs=", FaultyVfs::name()));
    writes_ = std::make_unique<GroupCommit>(
        *database_, std::move(participants),
        [this](std::string_view reason) { failed_.set_value(std::string(reason)); }, limits_);
  }
  void Close() {
    writes_.reset();
    database_.reset();
  }
  absl::Status Write(std::int64_t number) {
    return writes_->SubmitAndWait(kNoDeadline, Insert(number));
  }

  TempDir directory_;
  const std::string path_ = directory_.File("numbers.db");
  FaultyVfs disk_;
  WalLimits limits_;
  std::promise<std::string> failed_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<GroupCommit> writes_;
};

TEST_F(StorageFaultsTest, ASyncThatFailsAtCommitEndsWritingAndLeavesTheRestToRecovery) {
  Open();
  ASSERT_EQ(Write(1), absl::OkStatus());
  disk_.FailSyncs(true);
  const absl::Status unknown = Write(2);
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(unknown), "STORAGE_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(unknown), absl::ZeroDuration());
  EXPECT_EQ(failed_.get_future().get(), "a commit of unknown outcome");
  disk_.FailSyncs(false);
  EXPECT_EQ(Write(3).code(), absl::StatusCode::kUnavailable);
  Close();
  failed_ = {};
  Open();
  const std::vector<std::int64_t> numbers = Numbers(*database_);
  EXPECT_TRUE(numbers == std::vector<std::int64_t>({1}) ||
              numbers == std::vector<std::int64_t>({1, 2}));
  EXPECT_EQ(Write(4), absl::OkStatus());
}

// Asks for an empty log while a group is being committed, on a disk that works again once that has
// failed.
class AsksWhileCommitting : public GroupParticipant {
 public:
  explicit AsksWhileCommitting(FaultyVfs& disk) : disk_(disk) {}

  void AskOf(GroupCommit& writes) {
    writes_ = &writes;
    disk_.FailSyncs(true);
  }
  absl::Status answer() { return answer_.get_future().get(); }

  void Begin(Connection& /*connection*/) override {}
  void BeforeCommit(Connection& /*connection*/) override {
    if (writes_ == nullptr) return;
    writes_->EmptyLogThen(kNoDeadline, [this](const absl::Status& s) { answer_.set_value(s); });
  }
  void Committed() override {}
  void RolledBack() override { disk_.FailSyncs(false); }

 private:
  FaultyVfs& disk_;
  GroupCommit* writes_ = nullptr;
  std::promise<absl::Status> answer_;
};

TEST_F(StorageFaultsTest, ALogWithACommitInDoubtIsNotEmptiedForWhoeverWaitsForThat) {
  AsksWhileCommitting asker(disk_);
  Open({&asker});
  ASSERT_EQ(Write(1), absl::OkStatus());
  asker.AskOf(*writes_);
  EXPECT_EQ(ReasonOf(Write(2)), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(asker.answer()), "STORAGE_UNAVAILABLE");
  Close();
  EXPECT_GT(std::filesystem::file_size(path_ + "-wal"), 0u);
}

TEST_F(StorageFaultsTest, EveryoneWhoWaitedWhenTheSyncFailedIsAnswered) {
  Open();
  disk_.FailSyncs(true);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<absl::Status> statuses;
  constexpr std::size_t kWrites = 3 * kGroupWritesMax;
  for (std::size_t i = 0; i < kWrites; ++i) {
    writes_->Submit(kNoDeadline, Insert(static_cast<std::int64_t>(i)),
                    [&](const absl::Status& status) {
                      const std::lock_guard lock(mutex);
                      statuses.push_back(status);
                      changed.notify_one();
                    });
  }
  failed_.get_future().wait();
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return statuses.size() == kWrites; });
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  }
}

TEST_F(StorageFaultsTest, AFullDiskRefusesWritesAndReadsGoOnAndWritingResumes) {
  Open();
  ASSERT_EQ(Write(1), absl::OkStatus());
  disk_.FillDisk(true);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const absl::Status full = Write(2);
    EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(ReasonOf(full), "STORAGE_FULL");
    EXPECT_THAT(Numbers(*database_), ElementsAre(1));
  }
  disk_.FillDisk(false);
  EXPECT_EQ(Write(2), absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(1, 2));
}

TEST_F(StorageFaultsTest, AFullDiskWhileCheckpointingIsNotTheEnd) {
  Open();
  ASSERT_EQ(Write(1), absl::OkStatus());
  const auto fill_log = [](Connection& connection) {
    for (std::int64_t number = 10; number < 40'000; ++number) {
      connection.sql() << "INSERT INTO numbers (number) VALUES (:number)", soci::use(number);
    }
    return absl::OkStatus();
  };
  ASSERT_EQ(writes_->SubmitAndWait(kNoDeadline, fill_log), absl::OkStatus());
  disk_.FillDisk(true);
  // Longer than the writer stays idle before it checkpoints.
  EXPECT_EQ(failed_.get_future().wait_for(absl::ToChronoMilliseconds(3 * kIdleBeforeCheckpoint)),
            std::future_status::timeout);
  disk_.FillDisk(false);
  EXPECT_EQ(Write(2), absl::OkStatus());
}

TEST_F(StorageFaultsTest, ADatabaseLockedByAnotherProcessIsUnavailableUntilItIsUnlocked) {
  Open();
  soci::session other(soci::sqlite3, path_);
  other << "BEGIN IMMEDIATE";
  const SteadyTime begun = SteadyTime::Now();
  const absl::Status locked = Write(1);
  EXPECT_EQ(locked.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(locked), "DATABASE_LOCKED");
  EXPECT_GT(RetryAfterOf(locked), absl::ZeroDuration());
  EXPECT_LT(SteadyTime::Now() - begun, 2 * kLockWaitMax);
  other << "ROLLBACK";
  EXPECT_EQ(Write(1), absl::OkStatus());
}

TEST_F(StorageFaultsTest, TheLogIsTruncatedWhenNothingIsWritten) {
  Open();
  ASSERT_EQ(writes_->SubmitAndWait(kNoDeadline,
                                   [](Connection& connection) {
                                     for (std::int64_t n = 0; n < 40'000; ++n) {
                                       connection.sql()
                                           << "INSERT INTO numbers (number) VALUES (:n)",
                                           soci::use(n);
                                     }
                                     return absl::OkStatus();
                                   }),
            absl::OkStatus());
  const std::string log = path_ + "-wal";
  while (std::filesystem::file_size(log) > 0) std::this_thread::yield();
  EXPECT_EQ(Numbers(*database_).size(), 40'000u);
}

// Commits numbers one at a time through a connection of its own, cuts the power and returns how
// many are still there.
std::int64_t SurvivorsOfPowerLoss(FaultyVfs& disk, const std::string& path, int commits,
                                  std::string_view synchronous) {
  const std::string url = absl::StrCat("dbname=", path, " vfs=", FaultyVfs::name());
  {
    soci::session session(soci::sqlite3, url);
    session << "PRAGMA journal_mode = WAL";
    session << absl::StrCat("PRAGMA synchronous = ", std::string(synchronous));
    session << "CREATE TABLE numbers (number BIGINT)";
    for (int number = 0; number < commits; ++number) {
      session << "INSERT INTO numbers VALUES (:number)", soci::use(number);
    }
    disk.CutPower();
  }
  disk.RestorePower(0);
  std::int64_t count = 0;
  soci::session session(soci::sqlite3, path);
  try {
    session << "SELECT count(*) FROM numbers", soci::into(count);
  } catch (const soci::soci_error&) {
    // Not even the table is there.
  }
  return count;
}

TEST_F(StorageFaultsTest, ThePowerLossOfTheseTestsLosesWhatWasNotSynced) {
  EXPECT_LT(SurvivorsOfPowerLoss(disk_, directory_.File("off.db"), 100, "OFF"), 100);
  EXPECT_EQ(SurvivorsOfPowerLoss(disk_, directory_.File("full.db"), 100, "FULL"), 100);
}

// Inserts a number and its negative: a write of two rows.
GroupCommit::Write InsertPair(std::int64_t number, std::size_t padding_bytes) {
  return [number, padding = std::string(padding_bytes, 'x')](Connection& connection) {
    for (const std::int64_t row : {number, -number}) {
      connection.sql() << "INSERT INTO numbers (number, padding) VALUES (:row, :padding)",
          soci::use(row), soci::use(padding);
    }
    return absl::OkStatus();
  };
}

// Numbers acknowledged so far, and how many to wait for.
class Acknowledged {
 public:
  void Add(std::int64_t number) {
    const std::lock_guard lock(mutex_);
    numbers_.push_back(number);
    changed_.notify_one();
  }
  std::vector<std::int64_t> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return numbers_.size() >= count; });
    return numbers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::int64_t> numbers_;
};

class PowerLossTest : public StorageFaultsTest {
 protected:
  // What was acknowledged is there, and of each write both rows or neither.
  void CheckStored() {
    const std::vector<std::int64_t> found = Numbers(*database_);
    const std::set<std::int64_t> stored(found.begin(), found.end());
    for (const std::int64_t each : acknowledged_) EXPECT_TRUE(stored.contains(each)) << each;
    for (const std::int64_t each : stored) EXPECT_TRUE(stored.contains(-each)) << each;
  }

  // Writes until so many writes have been acknowledged, and cuts the power.
  void WriteAndCut(std::size_t answers_awaited, std::size_t padding_bytes) {
    Acknowledged answers;
    for (std::size_t i = 0; i < kWritesQueuedMax; ++i) {
      // Far apart, so that every group touches many pages.
      const auto next = static_cast<std::int64_t>(++last_ * 7919 % 1'000'003);
      writes_->Submit(kNoDeadline, InsertPair(next, padding_bytes),
                      [&answers, next](const absl::Status& status) {
                        if (status.ok()) answers.Add(next);
                      });
    }
    answers.Await(answers_awaited);
    restarts_ += writes_->statistics().wal_restarts;
    disk_.CutPower();
    Close();
    const std::vector<std::int64_t> answered = answers.Await(1);
    acknowledged_.insert(answered.begin(), answered.end());
  }

  std::int64_t last_ = 0;
  std::int64_t restarts_ = 0;  // of the log, before the power went
  std::set<std::int64_t> acknowledged_;
};

TEST_F(PowerLossTest, AcknowledgedWritesSurviveItWhole) {
  constexpr std::uint64_t kRounds = 12;
  std::mt19937_64 random(1);
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    failed_ = {};
    Open();
    CheckStored();
    WriteAndCut(random() % (kWritesQueuedMax - kGroupWritesMax) + 1, 0);
    disk_.RestorePower(round);
  }
  Open();
  CheckStored();
}

TEST_F(PowerLossTest, AcknowledgedWritesSurviveItAroundCheckpointsToo) {
  constexpr std::size_t kPaddingBytes = 5'000;
  constexpr std::uint64_t kRounds = 4;
  // The log starts over all the time, and is copied back all the time.
  limits_ = {.pages_per_copy = 50, .pages_restart = 400, .pages_max = 1'600};
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    failed_ = {};
    Open();
    CheckStored();
    WriteAndCut(kWritesQueuedMax / 3 + 300 * round, kPaddingBytes);
    EXPECT_GT(std::exchange(restarts_, 0), 0) << "the log did not start over";
    disk_.RestorePower(round);
  }
  Open();
  CheckStored();
}

}  // namespace
}  // namespace marginalia
