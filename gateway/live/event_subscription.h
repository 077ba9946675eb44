// The gateway's one subscription to the event log, as a machine that sees all tenants: kept up
// across restarts of comments-service, without losing or repeating an event. Used on the io thread,
// but for current() and state().
#ifndef MARGINALIA_GATEWAY_LIVE_EVENT_SUBSCRIPTION_H_
#define MARGINALIA_GATEWAY_LIVE_EVENT_SUBSCRIPTION_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/io_thread.h"
#include "gateway/upstream/stream_call.h"
#include "gateway/upstream/upstream.h"
#include "marginalia/comments/v1/event.pb.h"
#include "services/events/projection/backoff.h"
#include "services/rpc/client/channel.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// What was heard for the last time longer ago than this may be out of date. The service sends
// something every second.
inline constexpr absl::Duration kCurrentMax = absl::Seconds(2);
// A stream that is silent for so long is opened anew.
inline constexpr absl::Duration kSubscriptionSilenceMax = absl::Seconds(5);
// A stream that breaks is opened again at once, on whichever replica is there: a replica that
// drains sends its watchers on, and a connection ends at its age. One that breaks within
// kResubscribeWaitMin or without a word is tried again later and later, at most this far apart.
inline constexpr absl::Duration kResubscribeWaitMin = absl::Milliseconds(100);
inline constexpr absl::Duration kResubscribeWaitMax = absl::Seconds(2);

// Whom the subscription tells.
class EventListener {
 public:
  virtual ~EventListener() = default;
  // From here on every event after `point` is told. What was told before may have a gap to it, or
  // belong to another log.
  virtual void StartedFrom(const LogPoint& point) = 0;
  // The next event of the log.
  virtual void Happened(const comments::v1::Event& event) = 0;
};

class EventSubscription {
 public:
  // Starts to follow. Nothing is owned; all must outlive the subscription.
  EventSubscription(IoThread& io, Upstream& upstream, ServiceToken& token, EventListener& listener);
  ~EventSubscription();

  // Ends it for good.
  void Stop();

  // Whether all that happened up to kCurrentMax ago has been told. From any thread.
  bool current() const;
  // OK when current, else why not. From any thread.
  absl::Status state() const;
  // How far behind the log the listener may be. From any thread.
  absl::Duration lag() const;

 private:
  void Check();
  void Subscribe();
  void Received(const comments::v1::WatchEventsResponse& message);
  // Tells the listener; false when the message does not follow what came before.
  bool Tell(const comments::v1::WatchEventsResponse& message, const LogPoint& end);
  void Ended(const absl::Status& status);
  // Whether the call that has just ended had brought something for a while.
  bool HadFlowed() const;
  // How far behind the log the listener may be once it has been told of `message`, which was heard
  // just now; `heard_before` is when the one before it was.
  absl::Duration LagAfter(const comments::v1::WatchEventsResponse& message,
                          std::chrono::steady_clock::time_point heard_before);
  // Returns whether it says something new: the state before was OK, or is not yet that this
  // process's own token is refused.
  bool SetState(absl::Status status);

  IoThread& io_;
  Upstream& upstream_;
  ServiceToken& token_;
  EventListener& listener_;
  std::unique_ptr<WatchCall> call_;
  Backoff backoff_{kResubscribeWaitMin, kResubscribeWaitMax};
  std::chrono::steady_clock::time_point next_try_;
  std::chrono::steady_clock::time_point opened_at_;
  std::chrono::steady_clock::time_point last_heard_;
  // Where to go on; nothing: from now.
  std::optional<LogPoint> point_;
  std::string after_token_;
  // Whether the last message of this call said that there was nothing more.
  bool caught_up_ = false;
  // How far the times of events stand from the steady clock here, learned when nothing can have
  // been old: the clock of whoever gave them theirs may be another one than this process's.
  std::optional<absl::Duration> apart_;
  // When something was heard for the last time, in nanoseconds of the steady clock, and how old the
  // newest event told was then. 0: never, or not since the stream broke.
  std::atomic<std::int64_t> heard_at_nanos_ = 0;
  std::atomic<std::int64_t> lag_then_nanos_ = 0;
  mutable std::mutex state_mutex_;
  absl::Status state_;
  std::unique_ptr<Repeating> checks_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_EVENT_SUBSCRIPTION_H_
