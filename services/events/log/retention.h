// Keeps the event log within its bounds: removes the oldest events, a small batch at a time so that
// no write waits long behind it. Owns a thread; main owns it.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_RETENTION_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_RETENTION_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/events/log/event_feed.h"
#include "services/events/log/event_log.h"
#include "services/process/stopwatch.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr absl::Duration kRetentionInterval = absl::Minutes(1);
inline constexpr int kCompactBatchMax = 500;
// So many events beyond the bounds are kept for watchers who are slow to read them. One who is
// further behind, or reads just enough not to be cut off, is told that they are gone.
inline constexpr std::int64_t kHeldEventsMax = 200'000;
// A clock that differs by more than this from what has passed since the last look was set.
inline constexpr absl::Duration kClockStepMin = absl::Seconds(30);
// What a clock says about the age of events is believed once it has not been set for so long, or
// for as long as events are kept: one that was set wrong must not empty the log at once.
inline constexpr absl::Duration kClockTrustedAfter = absl::Hours(6);

struct RetentionBounds {
  absl::Duration age_max = absl::InfiniteDuration();
  std::int64_t count_max = INT64_MAX;
  std::int64_t held_max = kHeldEventsMax;
  absl::Duration clock_trusted_after = kClockTrustedAfter;
};

class Retention {
 public:
  // Looks at the log at once and then every `interval`. What a watcher of this process reads next
  // is kept by it however old it is, up to held_max, and so is the newest event. All must outlive
  // it. `now` tells the time that events were given theirs by; it may be set at any moment. Ends
  // after the batch at hand.
  using Clock = absl::AnyInvocable<absl::Time()>;
  Retention(EventLog& log, EventFeed& feed, GroupCommit& writes, const RetentionBounds& bounds,
            absl::Duration interval = kRetentionInterval, Clock now = absl::Now);
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

 private:
  void Work(absl::Duration interval, const std::stop_token& stop);
  // The newest position that need not be retained.
  absl::StatusOr<std::int64_t> Removable();
  // The time, if it is to be believed.
  std::optional<absl::Time> TrustedNow();
  absl::Status RemoveUpTo(std::int64_t position, const std::stop_token& stop);

  EventLog& log_;
  EventFeed& feed_;
  GroupCommit& writes_;
  const RetentionBounds bounds_;
  Clock now_;
  // The last look, by both clocks; since when the one has followed the other. Its thread only.
  absl::Time looked_at_;
  SteadyTime looked_at_steady_;
  SteadyTime trusted_since_;
  std::jthread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_RETENTION_H_
