#include "services/storage/connection/wal_mark.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <chrono>
#include <limits>
#include <thread>

#include "services/process/stopwatch.h"
#include "services/storage/connection/native.h"
#include "services/storage/connection/storage_failure.h"

namespace marginalia {
namespace {

// https://www.sqlite.org/walformat.html#locks, counted from the first of them.
constexpr int kCheckpointLock = 1;
constexpr int kFirstMarkLock = 4;  // the one before it reads the file alone
constexpr int kMarkLocks = 4;

constexpr int kUnknown = std::numeric_limits<int>::max();
// SQLite tells nobody when a lock of another process is free.
constexpr std::chrono::microseconds kLookAgain{100};

sqlite_api::sqlite3_file* FileOf(Connection& connection) {
  sqlite_api::sqlite3_file* file = nullptr;
  sqlite_api::sqlite3_file_control(NativeSqlite(connection.sql()), "main",
                                   SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

int Lock(Connection& connection, int first, int count) {
  sqlite_api::sqlite3_file* file = FileOf(connection);
  return file->pMethods->xShmLock(file, first, count, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
}

int LockWithin(absl::Duration max, Connection& connection, int first, int count) {
  const SteadyTime until = SteadyTime::Now() + max;
  while (true) {
    const int result = Lock(connection, first, count);
    if ((result & 0xff) != SQLITE_BUSY || SteadyTime::Now() > until) return result;
    std::this_thread::sleep_for(kLookAgain);
  }
}

void Unlock(Connection& connection, int first, int count) {
  sqlite_api::sqlite3_file* file = FileOf(connection);
  file->pMethods->xShmLock(file, first, count, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
}

int Run(Connection& connection, const char* sql) {
  return sqlite_api::sqlite3_exec(NativeSqlite(connection.sql()), sql, nullptr, nullptr, nullptr);
}

void EndReading(Connection& connection) {
  // After some errors SQLite has ended it already.
  if (sqlite_api::sqlite3_get_autocommit(NativeSqlite(connection.sql())) == 0) {
    Run(connection, "ROLLBACK");
  }
}

// BEGIN alone reads nothing yet.
absl::StatusOr<bool> BeginToRead(Connection& connection) {
  const int result = Run(connection, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1");
  if (result == SQLITE_OK) return true;
  absl::Status outcome = CheckpointOutcome(connection, result);
  EndReading(connection);
  if (!outcome.ok()) return outcome;
  return false;
}

}  // namespace

absl::Status CheckpointOutcome(Connection& connection, int result) {
  const int code = result & 0xff;
  if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) return absl::OkStatus();
  const soci::sqlite3_soci_error error(sqlite_api::sqlite3_errmsg(NativeSqlite(connection.sql())),
                                       code);
  absl::Status failure = StorageFailure(connection, error);
  return absl::IsResourceExhausted(failure) ? absl::OkStatus() : failure;
}

WalMark::WalMark(const ConnectionTarget& target)
    : first_(target, ConnectionRole::kReader),
      second_(target, ConnectionRole::kReader),
      pages_seen_(kUnknown) {
  // The locks are there once a connection has read.
  for (Connection* each : {&first_, &second_}) {
    std::int64_t tables = 0;
    each->sql() << "SELECT count(*) FROM sqlite_schema", soci::into(tables);
  }
}

WalMark::~WalMark() {
  LetGo();
  AllowCheckpoints();
}

absl::StatusOr<bool> WalMark::HoldOffCheckpoints(absl::Duration max) {
  if (held_off_) return true;
  const int result = LockWithin(max, first_, kCheckpointLock, 1);
  held_off_ = result == SQLITE_OK;
  if (held_off_ || (result & 0xff) == SQLITE_BUSY) return held_off_;
  return CheckpointOutcome(first_, result);
}

void WalMark::AllowCheckpoints() {
  if (held_off_) Unlock(first_, kCheckpointLock, 1);
  held_off_ = false;
}

absl::Status WalMark::Take() {
  const absl::StatusOr<bool> begun = BeginToRead(first_);
  if (!begun.ok() || !*begun) return begun.status();
  holder_ = &first_;
  pages_seen_ = kUnknown;
  return absl::OkStatus();
}

void WalMark::LetGo() {
  if (holder_ != nullptr) EndReading(*holder_);
  holder_ = nullptr;
}

// The log has more pages than the mark, and nobody can have copied beyond the mark: so the new
// transaction reads in the log, and its mark stands before the old one goes.
absl::Status WalMark::Advance() {
  Connection& next = Other();
  const absl::StatusOr<bool> begun = BeginToRead(next);
  if (!begun.ok() || !*begun) return begun.status();
  EndReading(*holder_);
  holder_ = &next;
  pages_seen_ = kUnknown;
  return absl::OkStatus();
}

absl::StatusOr<WalCopy> WalMark::CopyBack(int pages) {
  if (pages > pages_seen_) {
    absl::Status advanced = Advance();
    if (!advanced.ok()) return advanced;
  }
  Connection& free = Other();
  WalCopy copy;
  const int result = sqlite_api::sqlite3_wal_checkpoint_v2(
      NativeSqlite(free.sql()), nullptr, SQLITE_CHECKPOINT_PASSIVE, &copy.pages, &copy.copied);
  absl::Status outcome = CheckpointOutcome(free, result);
  if (!outcome.ok()) return outcome;
  if (result != SQLITE_OK) return WalCopy();
  pages_seen_ = copy.pages;
  return copy;
}

absl::Status WalMark::Sync() {
  sqlite_api::sqlite3_file* file = FileOf(first_);
  return CheckpointOutcome(first_, file->pMethods->xSync(file, SQLITE_SYNC_NORMAL));
}

bool WalMark::AwaitReaders(absl::Duration max) {
  const bool gone = LockWithin(max, first_, kFirstMarkLock, kMarkLocks) == SQLITE_OK;
  if (gone) Unlock(first_, kFirstMarkLock, kMarkLocks);
  return gone;
}

}  // namespace marginalia
