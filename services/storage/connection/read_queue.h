// Threads for reads that wait for a server, behind a bounded queue. Owned by Database. Thread-safe.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_READ_QUEUE_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_READ_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"

namespace marginalia {

class ReadQueue {
 public:
  using Read = absl::AnyInvocable<absl::Status()>;
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  ReadQueue(std::size_t threads, std::size_t queued_max);
  // Runs what is queued, then ends the threads.
  ~ReadQueue();

  // Calls `done` once: here when the queue is full, else on one of the threads.
  void Submit(SteadyTime deadline, Read read, Done done);

 private:
  struct Queued {
    SteadyTime deadline;
    Read read;
    Done done;
  };
  void Work();

  const std::size_t queued_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Queued> queue_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_READ_QUEUE_H_
