#include "services/storage/connection/read_queue.h"

#include <utility>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Milliseconds(100);

}  // namespace

ReadQueue::ReadQueue(std::size_t threads, std::size_t queued_max) : queued_max_(queued_max) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

ReadQueue::~ReadQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ReadQueue::Submit(SteadyTime deadline, Read read, Done done) {
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    full = queue_.size() >= queued_max_;
    if (!full) queue_.push_back({deadline, std::move(read), std::move(done)});
  }
  if (!full) return changed_.notify_one();
  done(Refusal(absl::StatusCode::kResourceExhausted, "READ_QUEUE_FULL",
               "Too many reads are waiting; retry.", {}, kQueueFullRetryAfter));
}

void ReadQueue::Work() {
  while (true) {
    Queued next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    if (SteadyTime::Now() > next.deadline) {
      next.done(Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                        "The deadline passed while the read was waiting."));
    } else {
      next.done(next.read());
    }
  }
}

}  // namespace marginalia
