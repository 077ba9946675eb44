#include "services/storage/connection/wal_checkpoints.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "services/process/log.h"
#include "services/storage/connection/native.h"
#include "services/storage/connection/storage_failure.h"

namespace marginalia {
namespace {

void SetBusyTimeout(sqlite_api::sqlite3* native, absl::Duration timeout) {
  sqlite_api::sqlite3_busy_timeout(native, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
}

}  // namespace

WalCheckpoints::WalCheckpoints(Connection& writer, WalMark* mark, const WalLimits& limits)
    : writer_(writer),
      mark_(mark),
      limits_(limits),
      next_copy_pages_(limits.pages_per_copy),
      next_restart_pages_(limits.pages_max) {
  if (mark_ == nullptr) return;
  // Whatever a killed process left in the log counts as due.
  pages_ = kWalPagesIdleMax + 1;
  sqlite_api::sqlite3_wal_hook(NativeSqlite(writer_.sql()), NoteCommit, this);
  thread_ = std::thread([this] { Work(); });
}

WalCheckpoints::~WalCheckpoints() {
  if (mark_ == nullptr) return;
  Stop();
  thread_.join();
  sqlite_api::sqlite3_wal_hook(NativeSqlite(writer_.sql()), nullptr, nullptr);
  mark_->LetGo();
  mark_->AllowCheckpoints();
}

int WalCheckpoints::NoteCommit(void* checkpoints, sqlite_api::sqlite3*, const char*, int pages) {
  auto& self = *static_cast<WalCheckpoints*>(checkpoints);
  self.SetPages(pages);
  self.committed_ = true;
  return SQLITE_OK;
}

std::optional<int> WalCheckpoints::pages() const {
  return pages_known_ ? std::optional<int>(pages_) : std::nullopt;
}

// In this order, so that nobody takes what counts as due for what is there.
void WalCheckpoints::SetPages(int pages) {
  pages_ = pages;
  pages_known_ = true;
}

void WalCheckpoints::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
}

void WalCheckpoints::Keep(const absl::Status& failure) {
  if (failure_.ok()) failure_ = failure;
}

bool WalCheckpoints::CopyIsDue() const {
  return failure_.ok() && mark_->held() && !restart_is_due_ && pages_ >= next_copy_pages_;
}

void WalCheckpoints::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || CopyIsDue(); });
    if (stopping_) return;
    Keep(CopyBeside());
  }
}

absl::Status WalCheckpoints::CopyBeside() {
  absl::StatusOr<WalCopy> copy = mark_->CopyBack(pages_);
  if (!copy.ok()) return copy.status();
  next_copy_pages_ = pages_ + limits_.pages_per_copy;
  const bool nearly_whole = copy->pages - copy->copied < limits_.pages_per_copy;
  if (copy->pages < limits_.pages_restart || !nearly_whole) return absl::OkStatus();
  absl::Status synced = mark_->Sync();
  if (!synced.ok()) return synced;
  copy = mark_->CopyBack(pages_);
  if (copy.ok()) restart_is_due_ = true;
  return copy.status();
}

absl::Status WalCheckpoints::BeforeGroup() {
  if (mark_ == nullptr) return absl::OkStatus();
  const bool too_long = pages_ >= limits_.pages_refused;
  // The thread may be copying, which takes as long as the disk does.
  if (mark_is_held_ && !too_long) {
    held_by_reader_ = false;
    return absl::OkStatus();
  }
  const std::lock_guard lock(mutex_);
  if (too_long) {
    // Without the mark, and not let go to start over: an attempt to truncate it has failed.
    if (mark_is_held_) {
      Keep(StartOver());
    } else if (pages_let_go_ == 0) {
      Keep(Truncate());
    }
  }
  const bool refused = pages_ >= limits_.pages_refused && pages_let_go_ == 0;
  if (!mark_is_held_ && !refused) {
    const absl::StatusOr<bool> held_off = mark_->HoldOffCheckpoints(kLockWaitMax);
    Keep(held_off.status());
    if (!held_off.ok() || !*held_off) return DatabaseLocked();
  }
  if (refused && !held_by_reader_) {
    Log(Severity::kError,
        "writes are refused: a reader that does not end keeps the write-ahead log from starting "
        "over; end what has the database open (a backup, sqlite3)");
  }
  held_by_reader_ = refused;
  return refused ? DatabaseLocked() : absl::OkStatus();
}

absl::Status WalCheckpoints::AfterGroup() {
  if (mark_ == nullptr) return absl::OkStatus();
  // Not while the thread copies, unless it has fallen behind.
  const bool must = restart_is_due_ || pages_ >= next_restart_pages_;
  std::unique_lock lock(mutex_, std::defer_lock);
  if (must ? (lock.lock(), true) : lock.try_lock()) {
    if (!mark_is_held_) {
      TakeMark();
    } else if (must) {
      Keep(StartOver());
    }
    if (!failure_.ok()) return failure_;
    lock.unlock();
  }
  if (pages_ >= next_copy_pages_) wake_.notify_one();
  return absl::OkStatus();
}

void WalCheckpoints::TakeMark() {
  if (!committed_) return;
  Keep(mark_->Take());
  mark_is_held_ = mark_->held();
  if (!mark_is_held_) return;
  mark_->AllowCheckpoints();
  if (pages_ < std::exchange(pages_let_go_, 0)) restarts_.fetch_add(1, std::memory_order_relaxed);
  next_copy_pages_ = pages_ + limits_.pages_per_copy;
  next_restart_pages_ = std::max(limits_.pages_max, pages_ + limits_.pages_per_copy);
}

// What is left to copy is what was committed since the thread was here. The log itself starts over
// with the next commit.
absl::Status WalCheckpoints::StartOver() {
  restart_is_due_ = false;
  next_restart_pages_ = std::max(limits_.pages_max, pages_ + limits_.pages_per_copy);
  const absl::StatusOr<WalCopy> copy = mark_->CopyBack(pages_);
  if (!copy.ok() || !copy->whole()) return copy.status();
  const absl::StatusOr<bool> held_off = mark_->HoldOffCheckpoints(kCheckpointReaderWaitMax);
  if (!held_off.ok() || !*held_off) return held_off.status();
  mark_->LetGo();
  mark_is_held_ = false;
  committed_ = false;
  pages_let_go_ = pages_;
  mark_->AwaitReaders(kCheckpointReaderWaitMax);
  return absl::OkStatus();
}

bool WalCheckpoints::due_when_idle() const { return pages_ > kWalPagesIdleMax; }

absl::Status WalCheckpoints::WhenIdle() {
  const std::lock_guard lock(mutex_);
  if (!failure_.ok()) return failure_;
  return Truncate();
}

absl::StatusOr<bool> WalCheckpoints::Empty() {
  if (mark_ == nullptr) return true;
  const absl::Status truncated = WhenIdle();
  if (!truncated.ok()) return truncated;
  return pages_ == 0;
}

// SQLite lets the log start over here itself, and holds the lock of checkpoints as it does.
absl::Status WalCheckpoints::Truncate() {
  mark_->LetGo();
  mark_is_held_ = false;
  mark_->AllowCheckpoints();
  restart_is_due_ = false;
  committed_ = false;
  sqlite_api::sqlite3* native = NativeSqlite(writer_.sql());
  SetBusyTimeout(native, kCheckpointReaderWaitMax);
  int pages = -1;
  const int result = sqlite_api::sqlite3_wal_checkpoint_v2(
      native, nullptr, SQLITE_CHECKPOINT_TRUNCATE, &pages, nullptr);
  absl::Status outcome = CheckpointOutcome(writer_, result);
  SetBusyTimeout(native, kLockWaitMax);
  if (result == SQLITE_OK) pages = 0;
  // A reader that keeps the log from being truncated does not keep its length to itself.
  if (pages >= 0) SetPages(pages);
  return outcome;
}

void WalCheckpoints::LeaveToRecovery() {
  if (mark_ == nullptr) return;
  Stop();
  sqlite_api::sqlite3_db_config(NativeSqlite(writer_.sql()), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                nullptr);
}

}  // namespace marginalia
