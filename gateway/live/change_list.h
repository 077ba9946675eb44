// What has happened in a thread after a point, as one JSON answer that is being put together:
// {events: [{kind, …}], nextToken}. Bounded in number and bytes. Used by one thread.
#ifndef MARGINALIA_GATEWAY_LIVE_CHANGE_LIST_H_
#define MARGINALIA_GATEWAY_LIVE_CHANGE_LIST_H_

#include <cstddef>
#include <string>

#include "gateway/live/event_text.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// An answer that holds so much takes nothing more: the next one goes on. What came with it in one
// message of upstream's is still taken, because only a message's end is known.
inline constexpr std::size_t kChangesEventsMax = 500;
inline constexpr std::size_t kChangesBytesMax = 256 * 1024;

class ChangeList {
 public:
  explicit ChangeList(LogPoint point) : point_(std::move(point)) {}

  const LogPoint& point() const { return point_; }
  // Takes no more events.
  bool is_full() const { return events_ >= kChangesEventsMax || json_.size() >= kChangesBytesMax; }

  // A later event; a text that is empty is passed over.
  void Add(const EventText& text);
  // All that happened up to there is in the answer.
  void MoveTo(LogPoint point) { point_ = std::move(point); }

  // `scope` is that of the caller's tokens.
  std::string Finish(std::string_view scope) &&;

 private:
  LogPoint point_;
  std::string json_ = "{\"events\":[";
  std::size_t events_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_CHANGE_LIST_H_
