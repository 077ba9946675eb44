// One browser on the event stream of one thread. First it is found out whether it may hear of the
// thread; then it is brought up to date, from the recent events or, for what is older, by a watch
// of its own upstream; then it is live, which it is told, and is sent what happens. A browser gives
// up for good on what is no stream, so the stream opens soon whatever upstream does, says that it
// is stale, and goes on once upstream answers. Used on the io thread.
#ifndef MARGINALIA_GATEWAY_LIVE_EVENT_CLIENT_H_
#define MARGINALIA_GATEWAY_LIVE_EVENT_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/live/event_text.h"
#include "gateway/live/stream_places.h"
#include "gateway/upstream/stream_call.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

class EventStream;

class EventClient {
 public:
  using Clock = std::chrono::steady_clock;

  // The stream owns its clients. Begins after `point`; with nothing given, now.
  EventClient(EventStream& stream, ApiCall call, std::unique_ptr<StreamPlace> place,
              std::optional<LogPoint> point);
  ~EventClient();

  void Start();
  // Something happened in the thread; for a live client only. A client that does not read is cut
  // off.
  void Send(const EventText& text);
  // Tells a live client whether events arrive as they happen.
  void TellCurrency(bool current);
  // Sees to the heartbeat, to what is to be tried again, and to what has gone on for too long.
  void Tick(Clock::time_point now);
  // Ends the stream after what has been sent, or refuses it when it has not begun.
  void End(const absl::Status& why);

  const std::string& org_id() const { return org_id_; }
  const std::string& thread() const { return thread_; }
  // Whose session it belongs to (http/ended_sessions.h).
  const std::string& session() const { return session_; }

 private:
  enum class Phase {
    // Upstream is asked whose thread it is.
    kAsking,
    // By a watch upstream.
    kCatchingUp,
    // From the recent events.
    kReplaying,
    kLive,
    // Something upstream failed that may work later.
    kWaiting
  };

  void Ask();
  void Asked(absl::StatusOr<std::string> invoice_id);
  void Begin();
  void BeginAnswer();
  void TellStale();
  void Replay();
  void CatchUp();
  void CaughtUp(const comments::v1::WatchEventsResponse& message);
  void GoOn();
  void Drained();
  void StopCatchUp();
  // Waits when it may work later, else ends.
  void Failed(const absl::Status& why);
  void Wait();
  void TryAgain();

  EventStream& stream_;
  // Until the answer begins.
  std::optional<ApiCall> call_;
  const std::unique_ptr<StreamPlace> place_;
  const std::string org_id_;
  const std::string session_;
  const std::string asked_id_;
  const std::string request_id_;
  const Trace trace_;
  // Once known: what the invoice is really called, and the thread's key.
  std::string invoice_id_;
  std::string thread_;
  // For what is asked upstream; empty once live.
  std::string bearer_;
  std::string scope_;
  const absl::Time expires_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point heartbeat_due_;
  Phase phase_ = Phase::kAsking;
  // While asking or waiting: when to try again, and when a watch was last heard from.
  Clock::time_point again_at_ = Clock::time_point::max();
  Clock::time_point heard_at_;
  std::shared_ptr<OutputStream> output_;
  std::unique_ptr<WatchCall> catch_up_;
  // What has been sent, all before included; nothing until it is known where it begins. Not kept up
  // to date while live.
  std::optional<LogPoint> point_;
  // Whether the client has yet to be told where it began.
  bool checkpoint_due_;
  // Whether it was told last that events arrive as they happen.
  std::optional<bool> told_current_;
  // What a question upstream finds again of this client when it is answered.
  const std::shared_ptr<EventClient*> self_ = std::make_shared<EventClient*>(this);
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_EVENT_CLIENT_H_
