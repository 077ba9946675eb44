// The newest events of a log, in memory, bounded by number and by bytes. Not thread-safe: EventFeed
// guards it.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_EVENT_RING_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_EVENT_RING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "services/events/log/event.h"

namespace marginalia {

class EventRing {
 public:
  // `end` is the position of the log's newest event.
  EventRing(std::size_t events_max, std::size_t bytes_max, std::int64_t end)
      : events_max_(events_max), bytes_max_(bytes_max), end_(end) {}

  // Adds events that follow each other. Those it has already are left out; after a gap it starts
  // anew, because what a ring holds has no gap.
  void Push(const std::vector<EventPointer>& events);
  // Holds nothing up to `position` from now on, of what is there and of what is yet to come.
  void ForgetUpTo(std::int64_t position);
  // Forgets all and goes on after `end`.
  void Reset(std::int64_t end);

  // The newest position.
  std::int64_t end() const { return end_; }
  // True when it holds all that follows `position`.
  bool Covers(std::int64_t position) const;
  // What follows `position`, which it covers; at most `count_max` events and `bytes_max` bytes, but
  // at least one event if there is any.
  std::vector<EventPointer> After(std::int64_t position, std::size_t count_max,
                                  std::size_t bytes_max) const;

 private:
  void DropOldest();

  const std::size_t events_max_;
  const std::size_t bytes_max_;
  std::int64_t end_;
  std::int64_t forgotten_ = 0;
  std::size_t bytes_ = 0;
  std::deque<EventPointer> events_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_EVENT_RING_H_
