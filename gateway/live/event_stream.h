// Live events for all browsers from one subscription upstream. Owns the clients; everything happens
// on the io thread, but for current() and state().
#ifndef MARGINALIA_GATEWAY_LIVE_EVENT_STREAM_H_
#define MARGINALIA_GATEWAY_LIVE_EVENT_STREAM_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/http/io_thread.h"
#include "gateway/live/change_catch_up.h"
#include "gateway/live/change_list.h"
#include "gateway/live/event_client.h"
#include "gateway/live/event_subscription.h"
#include "gateway/live/event_text.h"
#include "gateway/live/known_pages.h"
#include "gateway/live/recent_events.h"
#include "gateway/live/stream_places.h"
#include "gateway/live/thread_versions.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

inline constexpr absl::Duration kSseHeartbeat = absl::Seconds(15);
// A browser that takes nothing for so long has vanished: with the heartbeats, so that there is
// something to take, that is known after twice as long.
inline constexpr absl::Duration kSseVanishedAfter = kSseHeartbeat;
inline constexpr std::size_t kSseBytesPendingMax = 64 * 1024;
inline constexpr std::size_t kSseRecentEventsMax = 8'192;
inline constexpr std::size_t kSseRecentBytesMax = 8 * 1024 * 1024;
// Each watch upstream may hold a message of a megabyte. Those of one tenant, whose browsers may
// take it slowly and come back at once, leave room for the others'.
inline constexpr std::size_t kSseCatchUpsMax = 64;
inline constexpr std::size_t kSseTenantCatchUpsMax = kSseCatchUpsMax / 2;
// A stream has opened by then, whatever upstream does.
inline constexpr absl::Duration kSseOpenWithin = absl::Seconds(1);

struct EventStreamOptions {
  absl::Duration heartbeat = kSseHeartbeat;
  std::size_t pending_bytes_max = kSseBytesPendingMax;
  std::size_t recent_events_max = kSseRecentEventsMax;
  std::size_t recent_bytes_max = kSseRecentBytesMax;
  std::size_t catch_ups_max = kSseCatchUpsMax;
  std::size_t tenant_catch_ups_max = kSseTenantCatchUpsMax;
  absl::Duration open_within = kSseOpenWithin;
};

class EventStream : private EventListener {
 public:
  // Nothing is owned; all must outlive the stream. Made, closed and destroyed on the io thread.
  EventStream(EventStreamOptions options, IoThread& io, Upstream& upstream, ServiceToken& token,
              ThreadVersions& versions, KnownPages& pages);
  ~EventStream() override;

  // See EventSubscription.
  bool current() const { return subscription_.current(); }
  absl::Status state() const { return subscription_.state(); }
  absl::Duration lag() const { return subscription_.lag(); }

  // Answers `call`, whose first path parameter names the invoice, with the events of its thread
  // after `point`; with nothing given, from now on.
  void Open(ApiCall call, std::unique_ptr<StreamPlace> place, std::optional<LogPoint> point);

  // Answers `call` with what has happened in its thread after `point`: {events: [{kind, …}],
  // nextToken}. What is older than the recent events is asked of upstream. Errors: those of
  // WatchEvents, so EVENTS_COMPACTED and EVENTS_MISSING; UNAVAILABLE, reason EVENTS_UNAVAILABLE,
  // while nothing is heard from upstream.
  void ListChanges(ApiCall call, LogPoint point);

  // Ends those of one session (http/ended_sessions.h).
  void EndSession(const std::string& session);
  // Ends all streams, each after its last event, and refuses new ones.
  void EndAll();
  // The same, and asks nothing of upstream any more.
  void Close();

  // For the clients.
  IoThread& io() { return io_; }
  Upstream& upstream() { return upstream_; }
  const RecentEvents& recent() const { return recent_; }
  // The newest point known; without a log id until the subscription has begun.
  LogPoint head() const { return {log_id_, recent_.head()}; }
  bool Covers(const LogPoint& point, const std::string& thread) const {
    return point.log_id == log_id_ && recent_.Covers(point.position, thread);
  }
  // The same, or there is nothing newer than the point: another gateway may have told of more than
  // this one knows.
  bool KnowsWhatFollows(const LogPoint& point, const std::string& thread) const {
    return point.log_id == log_id_ &&
           (point.position > recent_.head() || recent_.Covers(point.position, thread));
  }
  // Adds what the recent events have after the list's point, which is known to them.
  void AddRecent(ChangeList& list, const std::string& thread) const;
  EventClient::Clock::duration heartbeat() const { return heartbeat_; }
  std::size_t pending_bytes_max() const { return options_.pending_bytes_max; }
  absl::Duration open_within() const { return options_.open_within; }
  EventText HeartbeatOf(const std::string& org_id);
  // What live clients have been told last: whether events arrive as they happen.
  bool told_current() const { return told_current_; }
  // The client is to be sent what happens, and has been told nothing.
  void Joined(EventClient* client);
  // The client is gone: destroys it.
  void Left(EventClient* client);
  // The question is answered: destroys it.
  void Ended(ChangeCatchUp* question);
  // A place for a watch upstream; false: there is none, or the tenant has all that are his.
  bool TakeCatchUp(const std::string& org_id);
  void LeaveCatchUp(const std::string& org_id);

 private:
  void StartedFrom(const LogPoint& point) override;
  void Happened(const comments::v1::Event& event) override;
  void Tick();
  void AnswerChanges(ApiCall call, LogPoint point, absl::StatusOr<std::string> invoice_id);
  void TellCurrency();

  const EventStreamOptions options_;
  const EventClient::Clock::duration heartbeat_;
  IoThread& io_;
  Upstream& upstream_;
  ThreadVersions& versions_;
  KnownPages& pages_;
  std::string log_id_;
  RecentEvents recent_;
  absl::flat_hash_map<EventClient*, std::unique_ptr<EventClient>> clients_;
  // Those for changes from before the recent events.
  absl::flat_hash_map<ChangeCatchUp*, std::unique_ptr<ChangeCatchUp>> questions_;
  // The live ones, by thread.
  absl::flat_hash_map<std::string, absl::flat_hash_set<EventClient*>> live_;
  // The heartbeat of each tenant, made once a tick.
  absl::flat_hash_map<std::string, EventText> heartbeats_;
  std::size_t catch_ups_ = 0;
  absl::flat_hash_map<std::string, std::size_t> catch_ups_by_tenant_;
  bool told_current_ = true;
  bool ended_ = false;
  // What a question upstream finds again of this stream when it is answered.
  const std::shared_ptr<EventStream*> self_ = std::make_shared<EventStream*>(this);
  std::unique_ptr<Repeating> ticks_;
  EventSubscription subscription_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_EVENT_STREAM_H_
