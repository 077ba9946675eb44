// When the writing connection of a SQLite file copies its write-ahead log back: off the commit
// path, yet often enough that the log stays bounded. On PostgreSQL it does nothing. Writer thread
// only.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_CHECKPOINTS_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_CHECKPOINTS_H_

#include "absl/status/status.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

class WalCheckpoints {
 public:
  // Listens to the commits of `connection`, which must outlive it if it is SQLite's.
  explicit WalCheckpoints(Connection& connection);
  ~WalCheckpoints();
  WalCheckpoints(const WalCheckpoints&) = delete;
  WalCheckpoints& operator=(const WalCheckpoints&) = delete;

  // After each group. A full disk or a busy reader only puts the checkpoint off; an I/O error is
  // returned, and only a restart mends it.
  absl::Status AfterGroup();
  // True when there is something to do while nothing is written.
  bool due_when_idle() const;
  absl::Status WhenIdle();
  // The commits are in doubt: leaves the log to the recovery of the next process.
  void LeaveToRecovery();

 private:
  absl::Status Run(int mode);

  Connection* const connection_;  // null on PostgreSQL, whose connections come and go
  int pages_ = 0;                 // in the log, as of the last commit
  int next_checkpoint_pages_;     // grows while readers keep the log from starting over
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_CHECKPOINTS_H_
