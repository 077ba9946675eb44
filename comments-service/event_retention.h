// Keeps the event log within its bounds of age and number: removes the oldest events, a little at a
// time, but none that a live watcher reads next. Owned by main; has a thread of its own.
#ifndef MARGINALIA_COMMENTS_SERVICE_EVENT_RETENTION_H_
#define MARGINALIA_COMMENTS_SERVICE_EVENT_RETENTION_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/event_feed.h"
#include "services/storage/group_commit.h"

namespace marginalia {

inline constexpr absl::Duration kRetentionInterval = absl::Seconds(10);
// Events removed in one write, so that no caller waits long behind it.
inline constexpr int kCompactedEventsMax = 1000;

struct RetentionLimits {
  absl::Duration age_max = absl::Hours(720);
  std::int64_t count_max = 10'000'000;
};

class EventRetention {
 public:
  // Neither is owned.
  EventRetention(EventFeed& feed, GroupCommit& writes, const RetentionLimits& limits,
                 absl::Duration interval = kRetentionInterval);
  // Waits for the write under way.
  ~EventRetention();

 private:
  void Work();
  // True: there may be more to remove.
  absl::StatusOr<bool> CompactOnce();
  absl::StatusOr<std::int64_t> LastToRemove();

  EventFeed& feed_;
  GroupCommit& writes_;
  const RetentionLimits limits_;
  const absl::Duration interval_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_EVENT_RETENTION_H_
