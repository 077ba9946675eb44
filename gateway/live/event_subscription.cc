#include "gateway/live/event_subscription.h"

#include <algorithm>
#include <utility>

#include "services/errors/errors.h"
#include "services/process/log.h"
#include "services/rpc/gate/request_id.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using comments::v1::WatchEventsRequest;
using comments::v1::WatchEventsResponse;

constexpr absl::Duration kCheckInterval = absl::Milliseconds(50);

using Clock = std::chrono::steady_clock;

std::int64_t SteadyNanos(Clock::time_point time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

absl::Status Unavailable(std::string_view message) {
  return Refusal(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE", message);
}

// Whether trying again from the same place would fail again: the place is gone, of another log, or
// before an event that is lost.
bool PlaceIsLost(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kOutOfRange ||
         status.code() == absl::StatusCode::kDataLoss;
}

bool IsOwnTokenRefused(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnauthenticated ||
         status.code() == absl::StatusCode::kPermissionDenied;
}

}  // namespace

EventSubscription::EventSubscription(IoThread& io, Upstream& upstream, ServiceToken& token,
                                     EventListener& listener)
    : io_(io), upstream_(upstream), token_(token), listener_(listener) {
  SetState(Unavailable("the event stream has not begun"));
  Subscribe();
  checks_ = io_.Every(kCheckInterval, [this] { Check(); });
}

EventSubscription::~EventSubscription() = default;

void EventSubscription::Stop() {
  checks_.reset();
  call_.reset();
  heard_at_nanos_.store(0, std::memory_order_release);
  SetState(Unavailable("this server is stopping"));
}

bool EventSubscription::current() const { return lag() < kCurrentMax; }

absl::Status EventSubscription::state() const {
  if (current()) return absl::OkStatus();
  const std::lock_guard lock(state_mutex_);
  return state_.ok() ? Unavailable("the event stream is silent or behind") : state_;
}

absl::Duration EventSubscription::lag() const {
  const std::int64_t heard_at = heard_at_nanos_.load(std::memory_order_acquire);
  if (heard_at == 0) return absl::InfiniteDuration();
  const std::int64_t since = SteadyNanos(Clock::now()) - heard_at;
  return absl::Nanoseconds(since + lag_then_nanos_.load(std::memory_order_relaxed));
}

bool EventSubscription::SetState(absl::Status status) {
  const std::lock_guard lock(state_mutex_);
  const bool newly_refused = IsOwnTokenRefused(status) && !IsOwnTokenRefused(state_);
  return std::exchange(state_, std::move(status)).ok() || newly_refused;
}

void EventSubscription::Check() {
  const Clock::time_point now = Clock::now();
  if (call_ == nullptr) {
    if (now >= next_try_) Subscribe();
  } else if (now - last_heard_ > absl::ToChronoNanoseconds(kSubscriptionSilenceMax)) {
    Ended(Unavailable("nothing was heard on the event stream for too long"));
  }
}

void EventSubscription::Subscribe() {
  WatchEventsRequest request;
  if (!after_token_.empty()) request.set_after_token(after_token_);
  opened_at_ = Clock::now();
  last_heard_ = opened_at_;
  caught_up_ = false;
  call_ = std::make_unique<WatchCall>(
      io_, upstream_, request, token_.Current(), NewRequestId(), BeginTrace(upstream_.tracer()),
      WatchCall::Events{[this](const WatchEventsResponse& message) { Received(message); },
                        [this](const absl::Status& status) { Ended(status); }});
}

void EventSubscription::Received(const WatchEventsResponse& message) {
  // Checkpoints of a machine's stream are bound to no tenant.
  const auto end = ParseConsistencyToken(message.checkpoint_token(), /*scope=*/"",
                                         "checkpoint_token", "RESUME_TOKEN_INVALID");
  if (!end.ok())
    return Ended(absl::InternalError(
        "the event stream is not one of all tenants: check that --service_token_path holds a token "
        "of role service without a claim org"));
  if (!Tell(message, *end)) {
    return Ended(Refusal(absl::StatusCode::kOutOfRange, "EVENTS_SKIPPED",
                         "the event stream left events out"));
  }
  after_token_ = message.checkpoint_token();
  const Clock::time_point heard_before = std::exchange(last_heard_, Clock::now());
  backoff_.Reset();
  SetState(absl::OkStatus());
  const absl::Duration lag = LagAfter(message, heard_before);
  lag_then_nanos_.store(std::max<std::int64_t>(0, absl::ToInt64Nanoseconds(lag)),
                        std::memory_order_relaxed);
  heard_at_nanos_.store(SteadyNanos(last_heard_), std::memory_order_release);
  call_->Next();
}

absl::Duration EventSubscription::LagAfter(const WatchEventsResponse& message,
                                           Clock::time_point heard_before) {
  // An empty message means that there was nothing more to send; a full one may be one of many.
  if (message.events().empty()) {
    caught_up_ = true;
    return absl::ZeroDuration();
  }
  const absl::Time newest = TimeOf(message.events().rbegin()->event_time());
  const absl::Duration apart =
      absl::FromChrono(last_heard_.time_since_epoch()) - (newest - absl::UnixEpoch());
  // What comes behind an empty message is younger than that.
  if (std::exchange(caught_up_, false))
    apart_ = apart - absl::FromChrono(last_heard_ - heard_before);
  const absl::Duration by_the_clocks = absl::Now() - newest;
  return apart_ ? std::min(by_the_clocks, apart - *apart_) : by_the_clocks;
}

bool EventSubscription::Tell(const WatchEventsResponse& message, const LogPoint& end) {
  if (!point_ || point_->log_id != end.log_id) {
    const std::int64_t start =
        message.events().empty() ? end.position : message.events(0).position() - 1;
    point_ = LogPoint{end.log_id, start};
    listener_.StartedFrom(*point_);
  }
  for (const comments::v1::Event& event : message.events()) {
    if (event.position() <= point_->position) continue;
    if (event.position() != point_->position + 1) return false;
    point_->position = event.position();
    listener_.Happened(event);
  }
  return end.position <= point_->position;
}

void EventSubscription::Ended(const absl::Status& status) {
  call_.reset();
  heard_at_nanos_.store(0, std::memory_order_release);
  if (PlaceIsLost(status)) {
    point_.reset();
    after_token_.clear();
  }
  // Once for each time that the stream breaks, not for each attempt to mend it.
  if (SetState(status) || PlaceIsLost(status)) {
    Log(Severity::kWarning,
        IsOwnTokenRefused(status)
            ? "the comments service refuses this process's own token: check that "
              "--service_token_path holds a token of role service without a claim org"
            : "the event stream ended; it is opened again",
        {{"error", std::string(status.message())}, {"reason", ReasonOf(status)}});
  }
  if (HadFlowed()) return Subscribe();
  next_try_ = Clock::now() + absl::ToChronoNanoseconds(backoff_.Next());
}

bool EventSubscription::HadFlowed() const {
  return last_heard_ - opened_at_ >= absl::ToChronoNanoseconds(kResubscribeWaitMin);
}

}  // namespace marginalia
