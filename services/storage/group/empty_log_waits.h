// Who waits until nothing of what was overwritten is left in SQLite's write-ahead log: after an
// erasing. Owned by GroupCommit. Thread-safe, but only the writer thread tries.
#ifndef MARGINALIA_SERVICES_STORAGE_GROUP_EMPTY_LOG_WAITS_H_
#define MARGINALIA_SERVICES_STORAGE_GROUP_EMPTY_LOG_WAITS_H_

#include <mutex>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/wal_checkpoints.h"
#include "services/storage/group/answering_thread.h"

namespace marginalia {

class EmptyLogWaits {
 public:
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  // `done` is told by a try, or by AnswerAll.
  void Add(SteadyTime until, Done done);
  bool empty() const;
  // Tries once to empty the log, if anybody waits for that, and answers those who wait no longer:
  // OK when it is empty, UNAVAILABLE, reason LOG_IN_USE, with RetryInfo, when it is not and their
  // time is over. An I/O error is answered to all as UNAVAILABLE and returned.
  absl::Status Try(WalCheckpoints& checkpoints, AnsweringThread& answering);
  void AnswerAll(const absl::Status& status, AnsweringThread& answering);

 private:
  struct Wait {
    SteadyTime until;
    Done done;
  };

  std::vector<Wait> TakeAll();

  mutable std::mutex mutex_;
  std::vector<Wait> waits_;  // guarded by mutex_; bounded by kWritesQueuedMax
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_GROUP_EMPTY_LOG_WAITS_H_
