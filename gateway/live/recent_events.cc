#include "gateway/live/recent_events.h"

#include <memory>
#include <utility>

namespace marginalia {
namespace {

std::size_t BytesOf(const RecentEvent& event) { return event.thread.size() + event.text->size(); }

}  // namespace

RecentEvents::RecentEvents(std::size_t events_max, std::size_t bytes_max)
    : events_max_(events_max), bytes_max_(bytes_max) {}

void RecentEvents::StartFrom(std::int64_t position) {
  events_.clear();
  bytes_ = 0;
  floor_ = head_ = position;
}

void RecentEvents::Add(RecentEvent event) {
  head_ = event.position;
  bytes_ += BytesOf(event);
  events_.push_back(std::move(event));
  while (events_.size() > events_max_ || bytes_ > bytes_max_) {
    bytes_ -= BytesOf(events_.front());
    floor_ = events_.front().position;
    events_.pop_front();
  }
}

void RecentEvents::Forget(const std::string& thread) {
  static const EventText kNothing = std::make_shared<const std::string>();
  for (RecentEvent& event : events_) {
    if (event.thread != thread) continue;
    bytes_ -= event.text->size();
    event.text = kNothing;
  }
}

bool RecentEvents::Covers(std::int64_t position) const {
  return position >= floor_ && position <= head_;
}

bool RecentEvents::Covers(std::int64_t position, const std::string& thread) const {
  if (!Covers(position)) return false;
  // All up to an erasing are forgotten together, so the first one tells.
  const RecentEvent* next = Next(position, thread);
  return next == nullptr || !next->text->empty();
}

const RecentEvent* RecentEvents::Next(std::int64_t position, const std::string& thread) const {
  // Positions have no gaps, so the place of the first one after `position` is known.
  const std::size_t from = static_cast<std::size_t>(position - floor_);
  for (std::size_t i = from; i < events_.size(); ++i) {
    if (events_[i].thread == thread) return &events_[i];
  }
  return nullptr;
}

}  // namespace marginalia
