#include "gateway/live/event_client.h"

#include <utility>

#include "absl/random/random.h"
#include "gateway/live/event_stream.h"
#include "gateway/live/thread_key.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

// Spread, so that the clients of a gateway that ended do not all come back at once.
constexpr int kRetryMsMin = 1'000;
constexpr int kRetryMsMax = 4'000;
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

int RetryMs() {
  static thread_local absl::BitGen random;
  return absl::Uniform(random, kRetryMsMin, kRetryMsMax);
}

HttpResponse StreamHead() {
  HttpResponse head;
  head.content_type = "text/event-stream";
  head.headers =
      "Cache-Control: no-store\r\n"
      "Vary: Authorization, Cookie\r\n"
      // Proxies of the nginx family would hold events back.
      "X-Accel-Buffering: no\r\n";
  return head;
}

}  // namespace

EventClient::EventClient(EventStream& stream, ApiCall call, std::unique_ptr<StreamPlace> place,
                         std::string invoice_id)
    : stream_(stream),
      call_(std::move(call)),
      place_(std::move(place)),
      org_id_(call_->caller().org_id),
      invoice_id_(std::move(invoice_id)),
      thread_(ThreadKey(org_id_, invoice_id_)),
      bearer_(call_->bearer()),
      scope_(TokenScope(call_->caller())),
      expires_(call_->token_expires()),
      heartbeat_due_(started_ + stream.heartbeat()) {}

EventClient::~EventClient() { StopCatchUp(); }

void EventClient::Start(const std::optional<LogPoint>& point) {
  if (!point && stream_.head().log_id.empty()) {
    return End(Refusal(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE",
                       "the event stream has not begun; try again", {}, kRetryAfter));
  }
  point_ = point ? *point : stream_.head();
  if (!stream_.Covers(point_)) return CatchUp();
  BeginAnswer();
  // So that whoever never sees an event can resume as well.
  if (!point) output_->Write(CheckpointText(point_, org_id_));
  Replay();
}

void EventClient::BeginAnswer() {
  ApiCall call = std::move(*call_);
  call_.reset();
  output_ = call.Stream(StreamHead(), {[this] { Drained(); }, [this] { stream_.Left(this); }});
  output_->Write(GreetingText(RetryMs()));
}

void EventClient::Replay() {
  while (true) {
    // They may have moved on while the client took what it was sent.
    if (!stream_.Covers(point_)) return CatchUp();
    const RecentEvent* next = stream_.recent().Next(point_.position, thread_);
    if (next == nullptr) break;
    const std::size_t pending = output_->pending_bytes();
    if (pending > 0 && pending + next->text->size() > stream_.pending_bytes_max()) return;
    output_->Write(next->text);
    point_.position = next->position;
  }
  std::string().swap(bearer_);
  stream_.Joined(this);
  live_ = true;
  if (!stream_.told_current()) TellCurrency(false);
}

void EventClient::CatchUp() {
  if (!stream_.TakeCatchUp()) {
    return End(Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                       "too many streams are being brought up to date; try again", {},
                       kRetryAfter));
  }
  comments::v1::WatchEventsRequest request;
  request.set_after_token(MakeConsistencyToken(point_, scope_));
  request.set_invoice_id(invoice_id_);
  catch_up_ = std::make_unique<WatchCall>(
      stream_.io(), stream_.upstream(), request, bearer_, call_ ? call_->request_id() : "",
      call_ ? PartOf(call_->trace()) : Trace(),
      WatchCall::Events{
          [this](const comments::v1::WatchEventsResponse& message) { CaughtUp(message); },
          [this](const absl::Status& status) { End(status); }});
}

void EventClient::CaughtUp(const comments::v1::WatchEventsResponse& message) {
  const auto end = ParseConsistencyToken(message.checkpoint_token(), scope_, "checkpoint_token",
                                         "RESUME_TOKEN_INVALID");
  if (!end.ok()) return End(absl::InternalError("a watch sent an unreadable checkpoint"));
  if (output_ == nullptr) BeginAnswer();
  for (const comments::v1::Event& event : message.events()) {
    // A machine's watch also tells of other tenants.
    const bool ours = event.org_id() == org_id_ && event.has_comment_added() &&
                      event.comment_added().comment().invoice_id() == invoice_id_;
    if (ours && event.position() > point_.position) {
      output_->Write(CommentText(event, end->log_id));
    }
  }
  point_ = *end;
  // The place for a watch upstream is given back only when what came by it has gone out: the number
  // of places bounds the memory.
  if (output_->pending_bytes() < stream_.pending_bytes_max()) GoOn();
}

void EventClient::GoOn() {
  if (!stream_.Covers(point_)) return catch_up_->Next();
  StopCatchUp();
  Replay();
}

void EventClient::Drained() {
  if (catch_up_ != nullptr) return GoOn();
  if (!live_) Replay();
}

void EventClient::Send(const EventText& text) {
  const std::size_t pending = output_->pending_bytes();
  if (pending > 0 && pending + text->size() > stream_.pending_bytes_max()) {
    return output_->Abort();
  }
  output_->Write(text);
}

void EventClient::TellCurrency(bool current) {
  if (live_) Send(CurrencyText(current));
}

void EventClient::Tick(Clock::time_point now) {
  if (output_ == nullptr) {
    if (now - started_ < absl::ToChronoNanoseconds(kReadDeadline)) return;
    return End(Refusal(absl::StatusCode::kUnavailable, "UPSTREAM_TIMEOUT",
                       "the events after the token did not arrive in time; try again", {},
                       kRetryAfter));
  }
  if (absl::Now() >= expires_) return output_->End();
  if (now < heartbeat_due_) return;
  heartbeat_due_ = now + stream_.heartbeat();
  // To one who does not read there is no use in saying more.
  if (output_->pending_bytes() > 0) return;
  output_->Write(live_ ? stream_.HeartbeatOf(org_id_) : HeartbeatText());
}

void EventClient::End(const absl::Status& why) {
  StopCatchUp();
  // One whose stream ends early comes back, and is told why if it cannot go on.
  if (output_ != nullptr) return output_->End();
  call_->Fail(why);
  call_.reset();
  stream_.Left(this);
}

void EventClient::StopCatchUp() {
  if (catch_up_ == nullptr) return;
  catch_up_.reset();
  stream_.LeaveCatchUp();
}

}  // namespace marginalia
