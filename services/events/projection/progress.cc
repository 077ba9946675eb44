#include "services/events/projection/progress.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/clock.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

// The waker looks at least this often, so that no deadline is too far away for the clock's type.
constexpr absl::Duration kWakerSleepMax = absl::Minutes(1);

}  // namespace

ProjectionProgress::ProjectionProgress(absl::Duration source_away_max)
    : source_away_max_(source_away_max),
      known_whole_nanos_(SteadyTime::Now().Nanos()),
      waker_([this] { Wake(); }) {}

ProjectionProgress::~ProjectionProgress() {
  Close();
  waker_.join();
}

void ProjectionProgress::WaitFor(const LogPoint& point, SteadyTime until, Done done) {
  Outcome outcome;
  {
    const std::lock_guard lock(mutex_);
    const bool same_log = point.log_id == point_.log_id;
    if (same_log && point.position <= point_.position) {
      outcome = Outcome::kReached;
    } else if (!same_log && following_) {
      outcome = Outcome::kOtherLog;
    } else if (closed_) {
      outcome = Outcome::kClosed;
    } else if (until.passed()) {
      outcome = Outcome::kLate;
    } else if (waiters_.size() + ready_.size() >= kFreshnessWaitersMax) {
      outcome = Outcome::kTooManyWaiters;
    } else {
      const std::uint64_t id = ++last_id_;
      by_point_.emplace(point.log_id, point.position, id);
      const auto place = by_deadline_.emplace(until, id).first;
      waiters_.emplace(id, Waiter{point, until, std::move(done)});
      if (place == by_deadline_.begin()) changed_.notify_one();
      return;
    }
  }
  done(outcome);
}

void ProjectionProgress::WhenReady(absl::AnyInvocable<void(bool known)> ready) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  when_ready_ = std::move(ready);
  changed_.notify_one();
}

LogPoint ProjectionProgress::point() const {
  const std::lock_guard lock(mutex_);
  return point_;
}

absl::Duration ProjectionProgress::Lag(SteadyTime now) const {
  const std::int64_t known_whole = known_whole_nanos_.load(std::memory_order_relaxed);
  return std::max(absl::Nanoseconds(now.Nanos() - known_whole), absl::ZeroDuration());
}

bool ProjectionProgress::following() const {
  const std::lock_guard lock(mutex_);
  return following_;
}

std::size_t ProjectionProgress::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiters_.size();
}

void ProjectionProgress::Reach(const LogPoint& point, absl::Time complete_until) {
  const std::lock_guard lock(mutex_);
  if (complete_until != absl::InfinitePast()) {
    // From here on the age grows as time passes, whatever the clock is set to. The clocks of the
    // two services may differ.
    const absl::Duration age = std::max(absl::Now() - complete_until, absl::ZeroDuration());
    const std::int64_t nanos = (SteadyTime::Now() - age).Nanos();
    const std::int64_t known = known_whole_nanos_.load(std::memory_order_relaxed);
    const bool forward = point.log_id == point_.log_id;
    known_whole_nanos_.store(forward ? std::max(known, nanos) : nanos, std::memory_order_relaxed);
  }
  if (point == point_) return;
  const bool other_log = point.log_id != point_.log_id;
  point_ = point;
  epoch_.fetch_add(1, std::memory_order_release);
  ResolveReached();
  if (following_ && other_log) ResolveOtherLogs();
  ResolveReady(SteadyTime::Now());
  if (!ready_.empty()) changed_.notify_one();
}

void ProjectionProgress::SourceHeard() {
  const std::lock_guard lock(mutex_);
  source_heard_ = SteadyTime::Now();
}

void ProjectionProgress::SetFollowing(bool following) {
  const std::lock_guard lock(mutex_);
  following_ = following;
  if (following_) ResolveOtherLogs();
  if (!ready_.empty()) changed_.notify_one();
}

void ProjectionProgress::Verified(std::int64_t rows_differing, absl::Time when) {
  drift_.store(static_cast<double>(rows_differing), std::memory_order_relaxed);
  verified_at_seconds_.store(absl::ToUnixSeconds(when), std::memory_order_relaxed);
}

absl::Time ProjectionProgress::verified_at() const {
  return absl::FromUnixSeconds(verified_at_seconds_.load(std::memory_order_relaxed));
}

void ProjectionProgress::CloseAt(SteadyTime time) {
  const std::lock_guard lock(mutex_);
  when_ready_ = nullptr;
  closes_at_ = time;
  changed_.notify_one();
}

void ProjectionProgress::Close() {
  std::unique_lock lock(mutex_);
  when_ready_ = nullptr;
  ResolveAll();
  ended_ = true;
  changed_.notify_one();
  called_.wait(lock, [this] { return !calling_; });
}

ProjectionProgress::ById::iterator ProjectionProgress::Resolve(ById::iterator waiter,
                                                               Outcome outcome) {
  const auto& [id, waiting] = *waiter;
  by_point_.erase({waiting.point.log_id, waiting.point.position, id});
  by_deadline_.erase({waiting.until, id});
  ready_.emplace_back(std::move(waiter->second.done), outcome);
  return waiters_.erase(waiter);
}

void ProjectionProgress::ResolveReached() {
  auto waiter = by_point_.lower_bound({point_.log_id, INT64_MIN, 0});
  while (waiter != by_point_.end()) {
    const auto [log_id, position, id] = *waiter;
    if (log_id != point_.log_id || position > point_.position) break;
    ++waiter;
    Resolve(waiters_.find(id), Outcome::kReached);
  }
}

void ProjectionProgress::ResolveOtherLogs() {
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    waiter = waiter->second.point.log_id == point_.log_id ? std::next(waiter)
                                                          : Resolve(waiter, Outcome::kOtherLog);
  }
}

void ProjectionProgress::ResolveLate(SteadyTime now) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    Resolve(waiters_.find(by_deadline_.begin()->second), Outcome::kLate);
  }
}

void ProjectionProgress::ResolveAll() {
  closed_ = true;
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    waiter = Resolve(waiter, Outcome::kClosed);
  }
}

void ProjectionProgress::ResolveReady(SteadyTime now) {
  if (when_ready_ == nullptr) return;
  const bool known = !point_.log_id.empty();
  if (!known && now < source_heard_ + source_away_max_) return;
  ready_.emplace_back(
      [ready = std::exchange(when_ready_, nullptr), known](Outcome) mutable { ready(known); },
      Outcome::kReached);
}

// Waiters are called here and not on the projector's thread, which must go on applying events.
void ProjectionProgress::Wake() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ResolveLate(SteadyTime::Now());
    if (closes_at_.passed() && !closed_) ResolveAll();
    ResolveReady(SteadyTime::Now());
    if (!ready_.empty()) {
      Ready ready;
      ready.swap(ready_);
      calling_ = true;
      lock.unlock();
      for (auto& [done, outcome] : ready) done(outcome);
      ready.clear();
      lock.lock();
      calling_ = false;
      called_.notify_all();
      continue;
    }
    if (ended_) return;
    SteadyTime until = SteadyTime::Now() + kWakerSleepMax;
    if (!by_deadline_.empty()) until = std::min(until, by_deadline_.begin()->first);
    if (!closed_) until = std::min(until, closes_at_);
    if (when_ready_ != nullptr) until = std::min(until, source_heard_ + source_away_max_);
    changed_.wait_until(lock, until.ToChrono());
  }
}

}  // namespace marginalia
