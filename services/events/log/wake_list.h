// Who waits for the log to pass a position, and until when. Not thread-safe: EventFeed guards it.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_WAKE_LIST_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_WAKE_LIST_H_

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"

namespace marginalia {

class WakeList {
 public:
  using Wake = absl::AnyInvocable<void()>;

  std::uint64_t Add(std::int64_t after, SteadyTime until, Wake wake);
  // False when there is none such.
  bool Remove(std::uint64_t id);

  // Takes out those that wait for what `head` has passed or for no longer than `now`.
  std::vector<Wake> TakeDue(std::int64_t head, SteadyTime now);
  std::vector<Wake> TakeAll();

  bool empty() const { return waiters_.empty(); }
  // True when TakeDue would find someone by position.
  bool HasPassed(std::int64_t head) const;
  // When the first one waits no longer; InfiniteFuture when nobody waits.
  SteadyTime NextUntil() const;

 private:
  struct Waiter {
    std::int64_t after = 0;
    SteadyTime until;
    Wake wake;
  };
  void Take(std::uint64_t id, std::vector<Wake>& taken);

  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Waiter> waiters_;
  std::set<std::pair<std::int64_t, std::uint64_t>> by_position_;
  std::set<std::pair<SteadyTime, std::uint64_t>> by_time_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_WAKE_LIST_H_
