// Copies the write-ahead log of a SQLite file back while the writer goes on, on two connections of
// its own, and keeps the log from starting over meanwhile. That is what makes it safe: SQLite 3.40
// can lose commits when a log starts over while a connection has begun to copy it back (the
// "WAL-reset bug", https://www.sqlite.org/wal.html#walresetbug), whichever process that is in.
//
// A log starts over when the first frame of a transaction is written, all of the log has been
// copied, and nobody reads in it. So one of the two connections always reads in it: it holds a
// mark, and the other one copies up to that mark. When the log is to start over, the mark is let
// go, and instead the lock that each checkpoint of each process needs is held, until a commit has
// been written to the new log and a mark has been taken there. Marks and locks are those of
// https://www.sqlite.org/walformat.html#locks.
//
// Owned by Database, used by WalCheckpoints: one thread at a time.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_MARK_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_MARK_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// How a checkpoint on `connection` that ended with SQLite's `result` is taken: a lock that another
// has or a full disk only put it off (OK); with anything else the process must end.
absl::Status CheckpointOutcome(Connection& connection, int result);

// How much of the log is in the file. Unknown (and not whole) when another process was at it.
struct WalCopy {
  int pages = -1;   // in the log
  int copied = -1;  // of them in the file

  bool whole() const { return pages >= 0 && copied == pages; }
};

class WalMark {
 public:
  // Opens both connections. Throws what SOCI throws.
  explicit WalMark(const ConnectionTarget& target);
  ~WalMark();
  WalMark(const WalMark&) = delete;
  WalMark& operator=(const WalMark&) = delete;

  // Keeps the checkpoints of all processes off. False: one has been at work for `max`.
  absl::StatusOr<bool> HoldOffCheckpoints(absl::Duration max);
  void AllowCheckpoints();

  // Takes the mark. Checkpoints must be held off, and something committed since: a log of which
  // all has been copied gives no mark.
  absl::Status Take();
  bool held() const { return holder_ != nullptr; }
  void LetGo();

  // While the mark is held: moves it to the end of a log that has `pages` pages, and copies up to
  // it. Leaves it where it is when nothing is known to have been committed since the last copy.
  absl::StatusOr<WalCopy> CopyBack(int pages);
  // Puts on the disk what has been copied, so that the copy that ends a log finds little to sync.
  absl::Status Sync();
  // Waits for those who read in the log. False: `max` has passed.
  bool AwaitReaders(absl::Duration max);

 private:
  Connection& Other() { return holder_ == &first_ ? second_ : first_; }
  absl::Status Advance();

  Connection first_;
  Connection second_;
  Connection* holder_ = nullptr;  // of the mark
  bool held_off_ = false;
  // No less than where the mark is: as many pages the log had when the last copy ended.
  int pages_seen_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_WAL_MARK_H_
