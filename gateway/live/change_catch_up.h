// A question for what has happened in a thread that goes back further than the gateway remembers:
// answered from a watch upstream, until the gateway's own memory can go on, the answer is full or
// its time is up. Owned by the event stream; used on the io thread.
#ifndef MARGINALIA_GATEWAY_LIVE_CHANGE_CATCH_UP_H_
#define MARGINALIA_GATEWAY_LIVE_CHANGE_CATCH_UP_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/live/change_list.h"
#include "gateway/upstream/stream_call.h"

namespace marginalia {

class EventStream;

// A watch says something every second; one that has said nothing by then is of no help, and what
// has come by then is an answer.
inline constexpr absl::Duration kChangesWithin = absl::Seconds(3);

class ChangeCatchUp {
 public:
  using Clock = std::chrono::steady_clock;

  // The stream has a place for its watch, and outlives it.
  ChangeCatchUp(EventStream& stream, ApiCall call, LogPoint point, std::string invoice_id);

  void Start();
  // Answers with what there is when the time is up.
  void Tick(Clock::time_point now);
  void Fail(const absl::Status& why);

  const std::string& org_id() const { return org_id_; }

 private:
  void Received(const comments::v1::WatchEventsResponse& message);
  void Answer();

  EventStream& stream_;
  ApiCall call_;
  const std::string org_id_;
  const std::string invoice_id_;
  const std::string thread_;
  const Clock::time_point until_;
  ChangeList list_;
  const std::int64_t began_at_;
  std::unique_ptr<WatchCall> watch_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_CHANGE_CATCH_UP_H_
