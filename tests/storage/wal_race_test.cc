// Commits, copies of the write-ahead log, its starting over, and readers, all at once on one SQLite
// file, beside another process's checkpoints. MARGINALIA_STRESS_SECONDS says for how long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/group/group_commit.h"
#include "tests/storage/faulty_vfs.h"
#include "tests/storage/number_table.h"
#include "tests/support/await.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

constexpr SteadyTime kNoDeadline = SteadyTime::Never();
constexpr std::size_t kPaddingBytes = 1'500;
constexpr int kWritesInFlight = 512;
// Readers and checkpoints of others may keep the log from it while they go on.
constexpr absl::Duration kStartOverWaitMax = absl::Seconds(30);

absl::Duration StressTime() {
  int seconds = 2;
  const char* given = std::getenv("MARGINALIA_STRESS_SECONDS");
  if (given != nullptr && !absl::SimpleAtoi(given, &seconds)) ADD_FAILURE() << given;
  return absl::Seconds(seconds);
}

// Far apart, so that every group touches many pages; each number once.
std::int64_t Scattered(std::int64_t i) { return i * 2'654'435'761 % 4'294'967'291 + 1; }

GroupCommit::Write InsertPair(std::int64_t number) {
  return [number, padding = std::string(kPaddingBytes, 'x')](Connection& connection) {
    for (const std::int64_t row : {number, -number}) {
      connection.sql() << "INSERT INTO numbers (number, padding) VALUES (:row, :padding)",
          soci::use(row), soci::use(padding);
    }
    return absl::OkStatus();
  };
}

class WalRaceTest : public testing::Test {
 protected:
  void Open(const WalLimits& limits, const std::string& options = "") {
    database_ = OpenNumbers(absl::StrCat("sqlite:", path_, options));
    writes_ = std::make_unique<GroupCommit>(
        *database_, std::vector<GroupParticipant*>{},
        [](std::string_view reason) { ADD_FAILURE() << std::string(reason); }, limits);
  }

  absl::Status Write(std::int64_t number) {
    return writes_->SubmitAndWait(kNoDeadline, InsertPair(number));
  }

  // The same, but false when it has not been answered in 20 s.
  bool IsWritten(std::int64_t number) {
    const auto written = std::make_shared<std::atomic<bool>>(false);
    writes_->Submit(kNoDeadline, InsertPair(number),
                    [written](const absl::Status& status) { *written = status.ok(); });
    return Await([&written] { return written->load(); });
  }

  // Writes until `until`, and until the log has started over, and returns how many were
  // acknowledged.
  std::int64_t WriteUntil(SteadyTime until, int in_flight) {
    std::counting_semaphore<> free(in_flight);
    std::atomic<std::int64_t> acknowledged = 0;
    std::int64_t submitted = 0;
    const auto goes_on = [&] {
      const SteadyTime now = SteadyTime::Now();
      const bool started_over = writes_->statistics().wal_restarts > 0;
      return now < until || (!started_over && now < until + kStartOverWaitMax);
    };
    while (goes_on()) {
      free.acquire();
      writes_->Submit(kNoDeadline, InsertPair(Scattered(++submitted)),
                      [&](const absl::Status& status) {
                        EXPECT_TRUE(status.ok()) << status;
                        if (status.ok()) ++acknowledged;
                        free.release();
                      });
      pages_max_ = std::max(pages_max_, writes_->wal_pages().value_or(0));
    }
    for (int i = 0; i < in_flight; ++i) free.acquire();
    return acknowledged;
  }

  // The file on its own, after the process that wrote it is gone.
  void CheckFile(std::int64_t acknowledged) {
    writes_.reset();
    database_.reset();
    soci::session file(soci::sqlite3, path_);
    std::string finding;
    file << "PRAGMA integrity_check", soci::into(finding);
    EXPECT_EQ(finding, "ok");
    std::int64_t rows = 0;
    file << "SELECT count(*) FROM numbers", soci::into(rows);
    EXPECT_EQ(rows, 2 * acknowledged);
    soci::statement find = (file.prepare << "SELECT count(*) FROM numbers WHERE number IN (:a, :b)"
                                            " AND length(padding) = :bytes",
                            soci::into(rows), soci::use(number_, "a"), soci::use(negative_, "b"),
                            soci::use(static_cast<int>(kPaddingBytes), "bytes"));
    for (std::int64_t i = 1; i <= acknowledged; ++i) {
      number_ = Scattered(i);
      negative_ = -number_;
      find.execute(true);
      ASSERT_EQ(rows, 2) << "write " << i << " is lost or torn";
    }
  }

  FaultyVfs disk_;
  TempDir directory_;
  const std::string path_ = directory_.File("numbers.db");
  std::unique_ptr<Database> database_;
  std::unique_ptr<GroupCommit> writes_;
  int pages_max_ = 0;  // that were seen in the log
  std::int64_t number_ = 0;
  std::int64_t negative_ = 0;
};

// Each snapshot holds both rows of every write or neither, and never fewer than the one before.
void ReadUntil(Database& database, SteadyTime until) {
  std::int64_t before = 0;
  while (SteadyTime::Now() < until) {
    std::int64_t rows = 0;
    std::int64_t sum = 0;
    const absl::Status read = database.Read([&](Connection& connection) {
      connection.sql() << "SELECT count(*), coalesce(sum(number), 0) FROM numbers",
          soci::into(rows), soci::into(sum);
      return absl::OkStatus();
    });
    ASSERT_TRUE(read.ok()) << read;
    ASSERT_EQ(sum, 0);
    ASSERT_GE(rows, before);
    before = rows;
  }
}

// What sqlite3 in another process does by itself, as fast as it can.
void CheckpointUntil(const std::string& path, SteadyTime until) {
  soci::session other(soci::sqlite3, absl::StrCat("dbname=", path, " timeout=5"));
  while (SteadyTime::Now() < until) {
    int busy = 0;
    other << "PRAGMA wal_checkpoint(PASSIVE)", soci::into(busy);
  }
}

TEST_F(WalRaceTest, NothingIsLostWhileCommitsCopiesAndReadersRace) {
  constexpr WalLimits kLimits = {.pages_per_copy = 20, .pages_restart = 200, .pages_max = 800};
  Open(kLimits);
  const SteadyTime until = SteadyTime::Now() + StressTime();
  std::vector<std::jthread> others;
  for (int i = 0; i < 2; ++i) others.emplace_back([&] { ReadUntil(*database_, until); });
  others.emplace_back([&] { CheckpointUntil(path_, until); });
  const std::int64_t acknowledged = WriteUntil(until, kWritesInFlight);
  others.clear();
  EXPECT_GT(writes_->statistics().wal_restarts, 0);
  CheckFile(acknowledged);
}

TEST_F(WalRaceTest, AnotherProcessMayCopyTheLogButNotHaveItStartOver) {
  Open(WalLimits());
  // After the second answer the mark that followed the first commit stands.
  ASSERT_EQ(Write(Scattered(1)), absl::OkStatus());
  ASSERT_EQ(Write(Scattered(2)), absl::OkStatus());
  const std::string log = path_ + "-wal";
  const std::uintmax_t bytes = std::filesystem::file_size(log);
  {
    soci::session other(soci::sqlite3, path_);
    int busy = 0;
    int pages = 0;
    int copied = 0;
    const auto checkpoint = [&](const char* mode) {
      other << absl::StrCat("PRAGMA wal_checkpoint(", mode, ")"), soci::into(busy),
          soci::into(pages), soci::into(copied);
    };
    checkpoint("PASSIVE");
    EXPECT_EQ(busy, 0);
    EXPECT_GT(copied, 0);
    checkpoint("TRUNCATE");
    EXPECT_EQ(busy, 1);
  }
  EXPECT_EQ(std::filesystem::file_size(log), bytes);
  ASSERT_EQ(Write(Scattered(3)), absl::OkStatus());
  EXPECT_GT(std::filesystem::file_size(log), bytes);
  CheckFile(3);
}

TEST_F(WalRaceTest, TheLogStaysBoundedUnderAWriterThatNeverPauses) {
  constexpr WalLimits kLimits = {.pages_per_copy = 100, .pages_restart = 500, .pages_max = 1'000};
  constexpr int kGroup = 64;
  // What one group adds stands between a limit and its being seen: two rows a write, each on a page
  // of its own that may split.
  constexpr std::int64_t kPagesPerGroupMax = 4 * 2 * kGroup;
  Open(kLimits);
  const std::int64_t acknowledged = WriteUntil(SteadyTime::Now() + StressTime(), kGroup);
  EXPECT_GT(writes_->statistics().wal_restarts, 1);
  EXPECT_LE(pages_max_, kLimits.pages_max + 2 * kPagesPerGroupMax);
  CheckFile(acknowledged);
}

TEST_F(WalRaceTest, WritesGoOnWhileTheDiskTakesLongForWhatWasCopied) {
  Open({.pages_per_copy = 20, .pages_restart = 60}, absl::StrCat("?vfs=", FaultyVfs::name()));
  disk_.HoldFileSyncs(true);
  std::int64_t written = 0;
  bool answered = true;
  // The first of them have the thread copy and sync, the others come while it hangs in that.
  for (int behind = 0; answered && behind < 10 && written < 1'000;) {
    answered = IsWritten(Scattered(++written));
    if (disk_.held_syncs() > 0) ++behind;
  }
  EXPECT_TRUE(answered) << "write " << written << " waited for the disk";
  EXPECT_EQ(disk_.held_syncs(), 1);
  disk_.HoldFileSyncs(false);
  CheckFile(written);
}

// What is beside the file when a process is killed, and is not truncated while somebody reads it.
TEST_F(WalRaceTest, TheLengthOfALogThatAKilledProcessLeftIsNotKnownUntilItIsRight) {
  constexpr int kFrameBytes = kSqlitePageBytes + 24;
  constexpr int kWritten = 200;
  Open(WalLimits());
  for (int i = 1; i <= kWritten; ++i) ASSERT_EQ(Write(Scattered(i)), absl::OkStatus());
  const std::string left = directory_.File("left.db");
  std::filesystem::copy_file(path_, left);
  std::filesystem::copy_file(path_ + "-wal", left + "-wal");
  soci::session reader(soci::sqlite3, left);
  int rows = 0;
  reader << "BEGIN";
  reader << "SELECT count(*) FROM numbers", soci::into(rows);
  ASSERT_EQ(rows, 2 * kWritten);
  const auto pages = static_cast<int>(std::filesystem::file_size(left + "-wal") / kFrameBytes);
  const auto database = OpenNumbers(absl::StrCat("sqlite:", left));
  const GroupCommit writes(*database, {}, [](std::string_view) {});
  std::optional<int> told;
  ASSERT_TRUE(Await([&] { return (told = writes.wal_pages()).has_value(); }));
  EXPECT_EQ(told, pages);
  reader << "COMMIT";
  EXPECT_TRUE(Await([&] { return writes.wal_pages() == 0; }));
}

TEST_F(WalRaceTest, AReaderThatNeverEndsHasWritesRefusedAtTheLimitUntilItEnds) {
  constexpr WalLimits kLimits = {
      .pages_per_copy = 20, .pages_restart = 60, .pages_max = 100, .pages_refused = 300};
  Open(kLimits);
  std::int64_t written = 1;
  ASSERT_EQ(Write(Scattered(written)), absl::OkStatus());
  soci::session other(soci::sqlite3, path_);
  int rows = 0;
  other << "BEGIN";
  other << "SELECT count(*) FROM numbers", soci::into(rows);
  absl::Status refused;
  while (written < 10 * kLimits.pages_refused) {
    refused = Write(Scattered(written + 1));
    if (!refused.ok()) break;
    ++written;
  }
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused), "DATABASE_LOCKED");
  EXPECT_GT(RetryAfterOf(refused), absl::ZeroDuration());
  EXPECT_GE(writes_->wal_pages(), kLimits.pages_refused);
  EXPECT_EQ(Numbers(*database_).size(), 2u * written) << "reads go on";
  // With nothing to write for a while the log would be truncated, which the reader keeps it from.
  for (int pause = 0; pause < 3; ++pause) {
    LetPass(absl::ToChronoMilliseconds(2 * kIdleBeforeCheckpoint));
    EXPECT_EQ(ReasonOf(Write(Scattered(written + 1))), "DATABASE_LOCKED");
  }
  other << "COMMIT";
  ++written;
  EXPECT_EQ(Write(Scattered(written)), absl::OkStatus());
  // The first commit of a log that starts over.
  EXPECT_LT(writes_->wal_pages(), kLimits.pages_refused);
  CheckFile(written);
}

}  // namespace
}  // namespace marginalia
