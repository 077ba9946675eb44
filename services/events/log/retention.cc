#include "services/events/log/retention.h"

#include <algorithm>
#include <string>

#include "absl/time/clock.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

constexpr absl::Duration kBatchDeadline = absl::Seconds(10);

}  // namespace

Retention::Retention(EventLog& log, EventFeed& feed, GroupCommit& writes,
                     const RetentionBounds& bounds, absl::Duration interval)
    : log_(log), feed_(feed), writes_(writes), bounds_(bounds), thread_([this, interval] {
        Work(interval);
      }) {}

Retention::~Retention() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Retention::Work(absl::Duration interval) {
  while (!stopping()) {
    const absl::StatusOr<std::int64_t> removable = Removable();
    const absl::Status removed = removable.ok() ? RemoveUpTo(*removable) : removable.status();
    if (!removed.ok()) {
      const std::string why = removed.ToString();
      Log(Severity::kWarning, "cannot remove old events; will try again", {{"error", why}});
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoMilliseconds(interval), [this] { return stopping_; });
  }
}

absl::StatusOr<std::int64_t> Retention::Removable() const {
  std::int64_t removable = 0;
  if (bounds_.age_max != absl::InfiniteDuration()) {
    const auto too_old = log_.NewestBefore(absl::Now() - bounds_.age_max);
    if (!too_old.ok()) return too_old.status();
    removable = *too_old;
  }
  const std::int64_t head = log_.head();
  removable = std::max(removable, head - std::min(head, bounds_.count_max));
  return std::min({removable, feed_.SlowestPlace(), head - 1});
}

absl::Status Retention::RemoveUpTo(std::int64_t position) {
  for (std::int64_t removed = 1; removed > 0 && !stopping();) {
    const absl::Status status = writes_.SubmitAndWait(
        SteadyTime::Now() + kBatchDeadline, [this, position, &removed](Connection& connection) {
          removed = log_.CompactUpTo(connection, position, kCompactBatchMax);
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

bool Retention::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace marginalia
