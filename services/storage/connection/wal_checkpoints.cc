#include "services/storage/connection/wal_checkpoints.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include "absl/time/time.h"
#include "services/process/log.h"
#include "services/storage/connection/native.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/connection/storage_failure.h"

namespace marginalia {
namespace {

// A log that readers kept from starting over is tried again each time it has grown by this much.
constexpr int kWalPagesPerRetry = kWalPagesPerCheckpoint / 4;

int NoteLogSize(void* pages, sqlite_api::sqlite3*, const char*, int pages_in_log) {
  *static_cast<int*>(pages) = pages_in_log;
  return SQLITE_OK;
}

void SetBusyTimeout(sqlite_api::sqlite3* native, absl::Duration timeout) {
  sqlite_api::sqlite3_busy_timeout(native, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
}

}  // namespace

WalCheckpoints::WalCheckpoints(Connection& connection)
    : connection_(connection.kind() == DatabaseKind::kSqlite ? &connection : nullptr),
      next_checkpoint_pages_(kWalPagesPerCheckpoint) {
  if (connection_ == nullptr) return;
  // Whatever a killed process left in the log counts as due.
  pages_ = kWalPagesIdleMax + 1;
  sqlite_api::sqlite3_wal_hook(NativeSqlite(connection.sql()), NoteLogSize, &pages_);
}

WalCheckpoints::~WalCheckpoints() {
  if (connection_ == nullptr) return;
  sqlite_api::sqlite3_wal_hook(NativeSqlite(connection_->sql()), nullptr, nullptr);
}

absl::Status WalCheckpoints::AfterGroup() {
  if (pages_ < kWalPagesPerCheckpoint) next_checkpoint_pages_ = kWalPagesPerCheckpoint;
  if (pages_ < next_checkpoint_pages_) return absl::OkStatus();
  next_checkpoint_pages_ = pages_ + kWalPagesPerRetry;
  return Run(pages_ < kWalPagesMax ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART);
}

bool WalCheckpoints::due_when_idle() const { return pages_ > kWalPagesIdleMax; }

absl::Status WalCheckpoints::WhenIdle() { return Run(SQLITE_CHECKPOINT_TRUNCATE); }

void WalCheckpoints::LeaveToRecovery() {
  if (connection_ == nullptr) return;
  sqlite_api::sqlite3_db_config(NativeSqlite(connection_->sql()), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
                                1, nullptr);
}

absl::Status WalCheckpoints::Run(int mode) {
  sqlite_api::sqlite3* native = NativeSqlite(connection_->sql());
  SetBusyTimeout(native, kCheckpointReaderWaitMax);
  int pages = 0;
  int copied = 0;
  const int result = sqlite_api::sqlite3_wal_checkpoint_v2(native, nullptr, mode, &pages, &copied);
  const soci::sqlite3_soci_error error(sqlite_api::sqlite3_errmsg(native), result);
  SetBusyTimeout(native, kLockWaitMax);
  if (result == SQLITE_OK) {
    if (mode == SQLITE_CHECKPOINT_TRUNCATE) pages_ = 0;
    return absl::OkStatus();
  }
  if (result == SQLITE_BUSY || result == SQLITE_LOCKED) return absl::OkStatus();
  absl::Status failure = StorageFailure(*connection_, error);
  if (failure.code() == absl::StatusCode::kResourceExhausted) return absl::OkStatus();
  return failure;
}

}  // namespace marginalia
