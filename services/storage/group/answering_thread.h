// Tells callers how their writes ended on a thread of its own, so that the writer goes on with the
// next group meanwhile. Owned by GroupCommit. Thread-safe.
#ifndef MARGINALIA_SERVICES_STORAGE_GROUP_ANSWERING_THREAD_H_
#define MARGINALIA_SERVICES_STORAGE_GROUP_ANSWERING_THREAD_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace marginalia {

// Whom to tell how something ended, and how it did.
struct Completion {
  absl::AnyInvocable<void(const absl::Status&)> done;
  absl::Status status;
};

class AnsweringThread {
 public:
  AnsweringThread();
  // Answers what is left.
  ~AnsweringThread();

  void Give(std::vector<Completion> completions);
  // How many answers have been given so far.
  std::size_t given() const { return given_.load(std::memory_order_relaxed); }

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Completion> completions_;  // guarded by mutex_; bounded by kWritesQueuedMax
  bool stopping_ = false;                // guarded by mutex_
  std::atomic<std::size_t> given_ = 0;
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_GROUP_ANSWERING_THREAD_H_
