// Threads for reads that wait for a server, behind a queue that is bounded in number and in time: a
// server that hangs holds up its threads, not those who ask. Owned by Database. Thread-safe.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_READ_QUEUE_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_READ_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
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

  ReadQueue(std::size_t threads, std::size_t queued_max, absl::Duration wait_max);
  ~ReadQueue();

  // Calls `done` once: here when the queue is full or has ended, else on one of the threads. Queued
  // past `deadline`: DEADLINE_EXCEEDED; for longer than the queue's limit: STORAGE_UNAVAILABLE.
  void Submit(SteadyTime deadline, Read read, Done done);

  // Answers what is queued with DRAINING, as all that comes after, and waits for what runs. Once
  // more does nothing. From one thread, and none of the queue's.
  void End();

 private:
  struct Queued {
    SteadyTime deadline;
    SteadyTime waits_until;
    Read read;
    Done done;
  };
  void Work();
  void AnswerOverdue();
  // Those that have waited long enough, with what they are told.
  std::vector<std::pair<Done, absl::Status>> TakeOverdue();

  const std::size_t queued_max_;
  const absl::Duration wait_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable filled_;  // for the thread that looks after who waits too long
  std::deque<Queued> queue_;        // guarded by mutex_
  bool stopping_ = false;           // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_READ_QUEUE_H_
