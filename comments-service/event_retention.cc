#include "comments-service/event_retention.h"

#include <algorithm>
#include <string>

#include "absl/time/clock.h"
#include "services/process/log.h"

namespace marginalia {
namespace {

constexpr absl::Duration kWriteWaitMax = absl::Seconds(10);

}  // namespace

EventRetention::EventRetention(EventFeed& feed, GroupCommit& writes, const RetentionLimits& limits,
                               absl::Duration interval)
    : feed_(feed), writes_(writes), limits_(limits), interval_(interval) {
  thread_ = std::thread([this] { Work(); });
}

EventRetention::~EventRetention() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void EventRetention::Work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    lock.unlock();
    const absl::StatusOr<bool> more = CompactOnce();
    if (!more.ok()) {
      const std::string error(more.status().message());
      Log(Severity::kWarning, "old events could not be removed", {{"error", error}});
    }
    lock.lock();
    if (more.ok() && *more) continue;
    changed_.wait_for(lock, absl::ToChronoNanoseconds(interval_), [this] { return ending_; });
  }
}

absl::StatusOr<bool> EventRetention::CompactOnce() {
  const absl::StatusOr<std::int64_t> last = LastToRemove();
  if (!last.ok()) return last.status();
  const absl::StatusOr<std::int64_t> oldest = feed_.log().OldestRetained();
  if (!oldest.ok()) return oldest.status();
  if (*last < *oldest) return false;
  std::int64_t removed = 0;
  const absl::Status written =
      writes_.SubmitAndWait(absl::Now() + kWriteWaitMax, [&](Connection& connection) {
        removed = feed_.log().CompactUpTo(connection, *last, kCompactedEventsMax);
        return absl::OkStatus();
      });
  if (!written.ok()) return written;
  return removed == kCompactedEventsMax;
}

absl::StatusOr<std::int64_t> EventRetention::LastToRemove() {
  EventLog& log = feed_.log();
  const absl::StatusOr<std::int64_t> head = log.RefreshHead();
  if (!head.ok()) return head.status();
  const absl::StatusOr<std::int64_t> too_old = log.NewestBefore(absl::Now() - limits_.age_max);
  if (!too_old.ok()) return too_old.status();
  return std::min(feed_.SlowestPlace(), std::max(*too_old, *head - limits_.count_max));
}

}  // namespace marginalia
