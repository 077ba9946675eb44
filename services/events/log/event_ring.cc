#include "services/events/log/event_ring.h"

#include <algorithm>

namespace marginalia {
namespace {

// What an event takes, near enough.
std::size_t BytesOf(const Event& event) {
  return sizeof(Event) + event.org_id.size() + event.subject.size() + event.payload.size();
}

}  // namespace

void EventRing::Push(const std::vector<EventPointer>& events) {
  for (const EventPointer& event : events) {
    if (event->position <= end_) continue;
    if (event->position <= forgotten_) {
      Reset(event->position);
      continue;
    }
    if (event->position != end_ + 1) Reset(event->position - 1);
    events_.push_back(event);
    bytes_ += BytesOf(*event);
    end_ = event->position;
  }
  while (events_.size() > events_max_ || bytes_ > bytes_max_) DropOldest();
}

void EventRing::DropOldest() {
  bytes_ -= BytesOf(*events_.front());
  events_.pop_front();
}

void EventRing::ForgetUpTo(std::int64_t position) {
  forgotten_ = std::max(forgotten_, position);
  while (!events_.empty() && events_.front()->position <= position) DropOldest();
}

void EventRing::Reset(std::int64_t end) {
  events_.clear();
  bytes_ = 0;
  end_ = end;
}

bool EventRing::Covers(std::int64_t position) const {
  return position >= end_ - static_cast<std::int64_t>(events_.size());
}

std::vector<EventPointer> EventRing::After(std::int64_t position, std::size_t count_max,
                                           std::size_t bytes_max) const {
  std::vector<EventPointer> events;
  if (position >= end_) return events;
  const std::size_t count = std::min(count_max, static_cast<std::size_t>(end_ - position));
  const auto first = events_.end() - static_cast<std::ptrdiff_t>(end_ - position);
  events.reserve(count);
  std::size_t bytes = 0;
  for (auto event = first; events.size() < count && bytes < bytes_max; ++event) {
    bytes += (*event)->payload.size();
    events.push_back(*event);
  }
  return events;
}

}  // namespace marginalia
