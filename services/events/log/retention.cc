#include "services/events/log/retention.h"

#include <algorithm>
#include <string>
#include <utility>

#include "services/process/log.h"
#include "services/process/pause.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

constexpr absl::Duration kBatchDeadline = absl::Seconds(10);

}  // namespace

Retention::Retention(EventLog& log, EventFeed& feed, GroupCommit& writes,
                     const RetentionBounds& bounds, absl::Duration interval, Clock now)
    : log_(log),
      feed_(feed),
      writes_(writes),
      bounds_(bounds),
      now_(std::move(now)),
      looked_at_(now_()),
      looked_at_steady_(SteadyTime::Now()),
      trusted_since_(looked_at_steady_),
      thread_([this, interval](const std::stop_token& stop) { Work(interval, stop); }) {}

void Retention::Work(absl::Duration interval, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const absl::StatusOr<std::int64_t> removable = Removable();
    const absl::Status removed = removable.ok() ? RemoveUpTo(*removable, stop) : removable.status();
    if (!removed.ok()) {
      const std::string why = removed.ToString();
      Log(Severity::kWarning, "cannot remove old events; will try again", {{"error", why}});
    }
    Pause(interval, stop);
  }
}

std::optional<absl::Time> Retention::TrustedNow() {
  const absl::Time now = now_();
  const SteadyTime steady_now = SteadyTime::Now();
  const absl::Duration passed = steady_now - looked_at_steady_;
  const absl::Duration step = (now - looked_at_) - passed;
  looked_at_ = now;
  looked_at_steady_ = steady_now;
  if (absl::AbsDuration(step) > kClockStepMin) {
    Log(Severity::kWarning,
        "the clock was set: no event is removed for its age until it has been right for a while",
        {{"step_seconds", absl::ToDoubleSeconds(step)},
         {"trusted_after_seconds", absl::ToDoubleSeconds(bounds_.clock_trusted_after)}});
    trusted_since_ = steady_now;
  }
  const absl::Duration trust = std::min(bounds_.clock_trusted_after, bounds_.age_max);
  if (steady_now - trusted_since_ < trust) return std::nullopt;
  return now;
}

absl::StatusOr<std::int64_t> Retention::Removable() {
  std::int64_t removable = 0;
  const std::optional<absl::Time> now = TrustedNow();
  if (now.has_value() && bounds_.age_max != absl::InfiniteDuration()) {
    const auto too_old = log_.NewestBefore(*now - bounds_.age_max);
    if (!too_old.ok()) return too_old.status();
    removable = *too_old;
  }
  const std::int64_t head = log_.head();
  removable = std::max(removable, head - std::min(head, bounds_.count_max));
  const std::int64_t held = std::max(feed_.SlowestPlace(), removable - bounds_.held_max);
  return std::min({removable, held, head - 1});
}

absl::Status Retention::RemoveUpTo(std::int64_t position, const std::stop_token& stop) {
  for (std::int64_t removed = 1; removed > 0 && !stop.stop_requested();) {
    const absl::Status status = writes_.SubmitAndWait(
        SteadyTime::Now() + kBatchDeadline, [this, position, &removed](Connection& connection) {
          removed = log_.CompactUpTo(connection, position, kCompactBatchMax);
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace marginalia
