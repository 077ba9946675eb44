// The newest events as browsers are sent them, so that one who reconnects is brought up to date
// without asking upstream. Bounded in number and bytes. Used on the io thread.
#ifndef MARGINALIA_GATEWAY_LIVE_RECENT_EVENTS_H_
#define MARGINALIA_GATEWAY_LIVE_RECENT_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "gateway/live/event_text.h"

namespace marginalia {

struct RecentEvent {
  std::int64_t position = 0;
  // The tenant and the invoice: see TenantKey.
  std::string thread;
  EventText text;
};

class RecentEvents {
 public:
  RecentEvents(std::size_t events_max, std::size_t bytes_max);

  // Forgets everything; what is added next comes after `position`.
  void StartFrom(std::int64_t position);
  // Adds the event at the next position.
  void Add(RecentEvent event);

  // Lets go of what the thread's events said: a text that is erased is in them. They keep their
  // places, and whoever needs one of them has to ask upstream, which has it without the text.
  void Forget(const std::string& thread);

  // Whether every event after `position`, up to the newest, is here.
  bool Covers(std::int64_t position) const;
  // The same, with what those of the thread said.
  bool Covers(std::int64_t position, const std::string& thread) const;
  // The newest position.
  std::int64_t head() const { return head_; }

  // The first event of `thread` after `position`, or null when there is none.
  const RecentEvent* Next(std::int64_t position, const std::string& thread) const;

 private:
  const std::size_t events_max_;
  const std::size_t bytes_max_;
  std::deque<RecentEvent> events_;
  std::size_t bytes_ = 0;
  // Everything in (floor_, head_] is here.
  std::int64_t floor_ = 0;
  std::int64_t head_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_RECENT_EVENTS_H_
