// When the write-ahead log of a SQLite file is copied back and starts over. A thread copies beside
// the writer; the writer itself only has the log start over, between two groups. On PostgreSQL it
// does nothing. All calls come from the writer thread, but for those that say otherwise.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_CHECKPOINTS_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_CHECKPOINTS_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/storage/connection/connection.h"
#include "services/storage/connection/native.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/connection/wal_mark.h"

namespace marginalia {

class WalCheckpoints {
 public:
  // Listens to the commits of `writer`. Both must outlive it; on PostgreSQL, whose connections come
  // and go, there is no mark and only it counts.
  WalCheckpoints(Connection& writer, WalMark* mark, const WalLimits& limits);
  ~WalCheckpoints();
  WalCheckpoints(const WalCheckpoints&) = delete;
  WalCheckpoints& operator=(const WalCheckpoints&) = delete;

  // Before each group. UNAVAILABLE, reason DATABASE_LOCKED: the group must not be written, because
  // another process has been copying the log for longer than a lock is waited for, or a reader
  // that does not end has kept it from starting over until it was as long as it may be.
  absl::Status BeforeGroup();
  // After each group. A full disk or a busy reader only puts the copying off; an I/O error, here or
  // on the thread, is returned, and only a restart mends it.
  absl::Status AfterGroup();
  // True when there is something to do while nothing is written.
  bool due_when_idle() const;
  absl::Status WhenIdle();
  // Copies the whole log back and truncates it, so that nothing of what was overwritten is left in
  // it. False: a reader still needs it; to be tried again.
  absl::StatusOr<bool> Empty();
  // The commits are in doubt: leaves the log to the recovery of the next process.
  void LeaveToRecovery();

  // Pages in the log; nothing on PostgreSQL, and until the first commit or checkpoint has told what
  // a killed process left in it. From any thread.
  std::optional<int> pages() const;
  // How often the log has started over. From any thread.
  std::int64_t restarts() const { return restarts_.load(std::memory_order_relaxed); }

 private:
  static int NoteCommit(void* checkpoints, sqlite_api::sqlite3*, const char*, int pages);
  void Work();
  void Stop();
  // With mutex_ held.
  bool CopyIsDue() const;
  absl::Status CopyBeside();
  absl::Status Truncate();
  absl::Status StartOver();
  void TakeMark();
  void Keep(const absl::Status& failure);
  void SetPages(int pages);

  Connection& writer_;
  WalMark* const mark_;
  const WalLimits limits_;
  std::atomic<int> pages_ = 0;  // in the log, as of the last commit
  std::atomic<bool> pages_known_ = false;
  std::atomic<std::int64_t> restarts_ = 0;
  std::atomic<int> next_copy_pages_;
  std::atomic<bool> restart_is_due_ = false;
  // Of the writer thread.
  bool mark_is_held_ = false;
  bool committed_ = false;       // since the mark was let go
  int next_restart_pages_;       // grows while readers keep the log from starting over
  int pages_let_go_ = 0;         // as long was the log when it was to start over
  bool held_by_reader_ = false;  // writes are refused

  std::mutex mutex_;  // whoever has it may use mark_
  std::condition_variable wake_;
  absl::Status failure_;   // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: it uses all the others
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_CHECKPOINTS_H_
