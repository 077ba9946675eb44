// Feeds watchers from the event log: the newest events from a bounded ring in memory, older ones
// from the database. A slow watcher reads on from the database; it never makes the process grow and
// never slows another one. Thread-safe.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_EVENT_FEED_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_EVENT_FEED_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/log/event_log.h"
#include "services/process/stopwatch.h"

namespace marginalia {

inline constexpr std::size_t kRingEventsMax = 16'384;
inline constexpr std::size_t kRingBytesMax = 16 * 1024 * 1024;
inline constexpr int kBatchEventsMax = 512;
inline constexpr std::size_t kBatchBytesMax = 1024 * 1024;

class EventFeed {
 public:
  // Hears, on a thread of the feed, of what may have come from other replicas, in order and before
  // any watcher does. An empty vector: of more than could be told.
  using FromOthers = absl::AnyInvocable<void(const std::vector<EventPointer>&)>;

  // Whether an event has rewritten earlier ones (EventLog::Rewrite): nothing up to it is taken from
  // memory any more. Another replica goes on until it hears of it.
  using Rewrites = absl::AnyInvocable<bool(const Event&) const>;

  // Subscribes to the log's commits; starts the thread that wakes watchers, and where others append
  // as well the one that asks the database for that: a database that hangs stops no wake. The log
  // must outlive it.
  explicit EventFeed(EventLog& log, FromOthers from_others = nullptr, Rewrites rewrites = nullptr);
  ~EventFeed();

  // What follows `after`, in order, without waiting for more; empty when nothing does. Bounded by
  // kBatchEventsMax and kBatchBytesMax (but at least one event). Waits for the database when they
  // are not in memory, so no thread calls it that others need too. Errors: EVENTS_COMPACTED,
  // EVENTS_MISSING.
  absl::StatusOr<std::vector<EventPointer>> After(std::int64_t after);
  // The same if it is in memory; else nothing, and it is for EventLog::ReadAfterThen to tell.
  std::optional<std::vector<EventPointer>> InMemory(std::int64_t after) const;

  // Calls `wake` once, on the feed's waking thread, which it must not hold up: as soon as the log's
  // head is past `after`, at the latest at `until`, or when the feed closes. Returns an id for
  // Cancel.
  std::uint64_t WakeAfter(std::int64_t after, SteadyTime until, absl::AnyInvocable<void()> wake);
  // True: `wake` will not be called. False: it has been or is being.
  bool Cancel(std::uint64_t id);

  // A live watcher holds its place so that this process's retention does not remove what it reads
  // next. Other replicas' retention knows nothing of it: only the bounds hold there.
  class Place;
  std::unique_ptr<Place> HoldPlace(std::int64_t position);
  // The smallest held position; head() when nobody watches.
  std::int64_t SlowestPlace() const;

  // Wakes all watchers for the last time; closed() is true from then on.
  void Close();
  bool closed() const;

  EventLog& log() { return log_; }
  const EventLog& log() const { return log_; }

  // True when it has heard of all events that were durable `age_max` ago, those of other replicas
  // included.
  bool IsCurrent(absl::Duration age_max) const;
  // The newest event that it has heard of.
  std::int64_t end() const;

 private:
  struct State;
  EventLog& log_;
  std::shared_ptr<State> state_;
  std::unique_ptr<Notifications> notifications_;
};

// The position a watcher has got to. Its end frees the place. Advance is called by one thread at a
// time.
class EventFeed::Place {
 public:
  virtual ~Place() = default;
  virtual void Advance(std::int64_t position) = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_EVENT_FEED_H_
