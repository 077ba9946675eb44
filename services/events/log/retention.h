// Keeps the event log within its bounds: removes the oldest events, a small batch at a time so that
// no write waits long behind it. Owns a thread; main owns it.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_RETENTION_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_RETENTION_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/log/event_feed.h"
#include "services/events/log/event_log.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr absl::Duration kRetentionInterval = absl::Minutes(1);
inline constexpr int kCompactBatchMax = 500;

struct RetentionBounds {
  absl::Duration age_max = absl::InfiniteDuration();
  std::int64_t count_max = INT64_MAX;
};

class Retention {
 public:
  // Looks at the log at once and then every `interval`. What a watcher of this process reads next
  // is kept by it however old it is, and so is the newest event. All must outlive it.
  Retention(EventLog& log, EventFeed& feed, GroupCommit& writes, const RetentionBounds& bounds,
            absl::Duration interval = kRetentionInterval);
  // Ends after the batch at hand.
  ~Retention();
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

 private:
  void Work(absl::Duration interval);
  // The newest position that need not be retained.
  absl::StatusOr<std::int64_t> Removable() const;
  absl::Status RemoveUpTo(std::int64_t position);
  bool stopping();

  EventLog& log_;
  EventFeed& feed_;
  GroupCommit& writes_;
  const RetentionBounds bounds_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_RETENTION_H_
