#include "services/events/projection/batch_queue.h"

#include <utility>

#include "services/process/stopwatch.h"

namespace marginalia {

bool BatchQueue::Push(EventBatch batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return batches_.size() < kBatchesQueuedMax || !closed_.ok(); });
  if (!closed_.ok()) return false;
  batches_.push_back(std::move(batch));
  changed_.notify_all();
  return true;
}

absl::StatusOr<std::vector<EventBatch>> BatchQueue::Pop(std::size_t limit, SteadyTime until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until.ToChrono(),
                      [this] { return !batches_.empty() || !closed_.ok() || woken_; });
  woken_ = false;
  if (batches_.empty() && !closed_.ok()) return closed_;
  std::vector<EventBatch> taken;
  while (!batches_.empty() && taken.size() < limit) {
    taken.push_back(std::move(batches_.front()));
    batches_.pop_front();
  }
  changed_.notify_all();
  return taken;
}

void BatchQueue::Close(absl::Status status) {
  const std::lock_guard lock(mutex_);
  if (closed_.ok()) closed_ = std::move(status);
  changed_.notify_all();
}

void BatchQueue::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void BatchQueue::Reopen() {
  const std::lock_guard lock(mutex_);
  batches_.clear();
  closed_ = absl::OkStatus();
}

}  // namespace marginalia
