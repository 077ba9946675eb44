#include "services/storage/connection/read_queue.h"

#include <utility>

#include "services/errors/draining.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/storage_failure.h"

namespace marginalia {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Milliseconds(100);
// A read may wait for so much longer than it may before it is seen.
constexpr std::chrono::milliseconds kLookInterval{100};

absl::Status Full() {
  return Refusal(absl::StatusCode::kResourceExhausted, "READ_QUEUE_FULL",
                 "Too many reads are waiting; retry.", {}, kQueueFullRetryAfter);
}

absl::Status Expired() {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 "The deadline passed while the read was waiting.");
}

}  // namespace

ReadQueue::ReadQueue(std::size_t threads, std::size_t queued_max, absl::Duration wait_max)
    : queued_max_(queued_max), wait_max_(wait_max) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  threads_.emplace_back([this] { AnswerOverdue(); });
}

ReadQueue::~ReadQueue() { End(); }

void ReadQueue::End() {
  std::deque<Queued> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left = std::exchange(queue_, {});
  }
  changed_.notify_all();
  filled_.notify_all();
  for (Queued& queued : left) queued.done(Draining());
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void ReadQueue::Submit(SteadyTime deadline, Read read, Done done) {
  bool first = false;
  absl::Status refused;
  {
    const std::lock_guard lock(mutex_);
    first = queue_.empty();
    if (stopping_) {
      refused = Draining();
    } else if (queue_.size() >= queued_max_) {
      refused = Full();
    } else {
      queue_.push_back({deadline, SteadyTime::Now() + wait_max_, std::move(read), std::move(done)});
    }
  }
  if (!refused.ok()) return done(refused);
  if (first) filled_.notify_one();
  changed_.notify_one();
}

void ReadQueue::Work() {
  while (true) {
    Queued next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    next.done(SteadyTime::Now() > next.deadline ? Expired() : next.read());
  }
}

void ReadQueue::AnswerOverdue() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      filled_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    } else {
      filled_.wait_for(lock, kLookInterval, [this] { return stopping_; });
    }
    auto overdue = TakeOverdue();
    if (overdue.empty()) continue;
    lock.unlock();
    for (auto& [done, status] : overdue) done(status);
    overdue.clear();
    lock.lock();
  }
}

std::vector<std::pair<ReadQueue::Done, absl::Status>> ReadQueue::TakeOverdue() {
  std::vector<std::pair<Done, absl::Status>> overdue;
  const SteadyTime now = SteadyTime::Now();
  std::deque<Queued> left;
  for (Queued& queued : queue_) {
    const bool expired = now > queued.deadline;
    if (expired || now > queued.waits_until) {
      overdue.emplace_back(std::move(queued.done), expired ? Expired() : StorageUnavailable());
    } else {
      left.push_back(std::move(queued));
    }
  }
  queue_ = std::move(left);
  return overdue;
}

}  // namespace marginalia
