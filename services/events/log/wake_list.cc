#include "services/events/log/wake_list.h"

#include "services/process/stopwatch.h"

namespace marginalia {

std::uint64_t WakeList::Add(std::int64_t after, SteadyTime until, Wake wake) {
  const std::uint64_t id = ++last_id_;
  waiters_.emplace(id, Waiter{after, until, std::move(wake)});
  by_position_.emplace(after, id);
  by_time_.emplace(until, id);
  return id;
}

bool WakeList::Remove(std::uint64_t id) {
  const auto found = waiters_.find(id);
  if (found == waiters_.end()) return false;
  by_position_.erase({found->second.after, id});
  by_time_.erase({found->second.until, id});
  waiters_.erase(found);
  return true;
}

std::vector<WakeList::Wake> WakeList::TakeDue(std::int64_t head, SteadyTime now) {
  std::vector<Wake> due;
  while (HasPassed(head)) Take(by_position_.begin()->second, due);
  while (!by_time_.empty() && by_time_.begin()->first <= now) Take(by_time_.begin()->second, due);
  return due;
}

std::vector<WakeList::Wake> WakeList::TakeAll() {
  std::vector<Wake> all;
  while (!empty()) Take(waiters_.begin()->first, all);
  return all;
}

bool WakeList::HasPassed(std::int64_t head) const {
  return !by_position_.empty() && by_position_.begin()->first < head;
}

SteadyTime WakeList::NextUntil() const {
  return by_time_.empty() ? SteadyTime::Never() : by_time_.begin()->first;
}

void WakeList::Take(std::uint64_t id, std::vector<Wake>& taken) {
  taken.push_back(std::move(waiters_.at(id).wake));
  Remove(id);
}

}  // namespace marginalia
