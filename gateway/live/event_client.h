// One browser on the event stream of one thread. First it is brought up to date, from the recent
// events or, for what is older, by a watch of its own upstream; then it is live and is sent what
// happens. Used on the io thread.
#ifndef MARGINALIA_GATEWAY_LIVE_EVENT_CLIENT_H_
#define MARGINALIA_GATEWAY_LIVE_EVENT_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/api_call.h"
#include "gateway/live/event_text.h"
#include "gateway/live/stream_places.h"
#include "gateway/upstream/watch_call.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

class EventStream;

class EventClient {
 public:
  using Clock = std::chrono::steady_clock;

  // The stream owns its clients. `invoice_id` is what the invoice is really called.
  EventClient(EventStream& stream, ApiCall call, std::unique_ptr<StreamPlace> place,
              std::string invoice_id);
  ~EventClient();

  // Begins after `point`; with nothing given, now.
  void Start(const std::optional<LogPoint>& point);
  // Something happened in the thread; for a live client only. A client that does not read is cut
  // off.
  void Send(const EventText& text);
  // Tells a live client whether events arrive as they happen.
  void TellCurrency(bool current);
  // Sees to the heartbeat, and to what has gone on for too long.
  void Tick(Clock::time_point now);
  // Ends the stream after what has been sent, or refuses it when it has not begun.
  void End(const absl::Status& why);

  const std::string& org_id() const { return org_id_; }
  const std::string& thread() const { return thread_; }

 private:
  void BeginAnswer();
  void Replay();
  void CatchUp();
  void CaughtUp(const comments::v1::WatchEventsResponse& message);
  void GoOn();
  void Drained();
  void StopCatchUp();

  EventStream& stream_;
  // Until the answer begins.
  std::optional<ApiCall> call_;
  const std::unique_ptr<StreamPlace> place_;
  const std::string org_id_;
  const std::string invoice_id_;
  const std::string thread_;
  // For a watch upstream; empty once live.
  std::string bearer_;
  std::string scope_;
  const absl::Time expires_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point heartbeat_due_;
  std::shared_ptr<OutputStream> output_;
  std::unique_ptr<WatchCall> catch_up_;
  // What has been sent, all before included; not kept up to date while live.
  LogPoint point_;
  bool live_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_EVENT_CLIENT_H_
