#include "gateway/live/event_client.h"

#include <utility>

#include "absl/random/random.h"
#include "gateway/http/gate/ended_sessions.h"
#include "gateway/http/problem.h"
#include "gateway/live/event_stream.h"
#include "gateway/upstream/comment_json.h"
#include "gateway/upstream/thread_name.h"
#include "services/errors/errors.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

// Spread, so that the clients of a gateway that ended do not all come back at once.
constexpr int kRetryMsMin = 1'000;
constexpr int kRetryMsMax = 4'000;
// What failed upstream is tried again after so long, spread likewise.
constexpr int kAgainMsMin = 500;
constexpr int kAgainMsMax = 1'500;

int Between(int least, int most) {
  static thread_local absl::BitGen random;
  return absl::Uniform(random, least, most);
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
                         std::optional<LogPoint> point)
    : stream_(stream),
      call_(std::move(call)),
      place_(std::move(place)),
      org_id_(call_->caller().org_id),
      session_(SessionKeyOf(call_->credential())),
      asked_id_(call_->path_parameter(0)),
      request_id_(call_->request_id()),
      trace_(call_->trace()),
      bearer_(call_->bearer()),
      scope_(TokenScope(call_->caller())),
      expires_(call_->token_expires()),
      heartbeat_due_(started_ + stream.heartbeat()),
      point_(std::move(point)),
      checkpoint_due_(!point_) {}

EventClient::~EventClient() { StopCatchUp(); }

void EventClient::Start() {
  // From now on means from here on, however long it takes to find out whose thread it is.
  if (!point_ && !stream_.head().log_id.empty()) point_ = stream_.head();
  if (!stream_.current()) TellStale();
  Ask();
}

void EventClient::Ask() {
  phase_ = Phase::kAsking;
  FindThreadName(stream_.upstream(), Errand(bearer_, request_id_, PartOf(trace_)), asked_id_,
                 [&io = stream_.io(), self = std::weak_ptr<EventClient*>(self_)](
                     absl::StatusOr<std::string> invoice_id) {
                   io.Post([self, invoice_id = std::move(invoice_id)]() mutable {
                     if (const auto client = self.lock()) (*client)->Asked(std::move(invoice_id));
                   });
                 });
}

void EventClient::Asked(absl::StatusOr<std::string> invoice_id) {
  if (!invoice_id.ok()) return Failed(invoice_id.status());
  invoice_id_ = *std::move(invoice_id);
  thread_ = TenantKey(org_id_, invoice_id_);
  Begin();
}

void EventClient::Begin() {
  if (!point_ && stream_.head().log_id.empty()) return Wait();
  if (!point_) point_ = stream_.head();
  if (!stream_.Covers(*point_, thread_)) return CatchUp();
  BeginAnswer();
  Replay();
}

void EventClient::BeginAnswer() {
  if (call_) {
    ApiCall call = std::move(*call_);
    call_.reset();
    output_ = call.Stream(StreamHead(), {.drained = [this] { Drained(); },
                                         .closed = [this] { stream_.Left(this); },
                                         .vanished_after = kSseVanishedAfter});
    output_->Write(GreetingText(Between(kRetryMsMin, kRetryMsMax)));
  }
  // So that whoever never sees an event can resume as well.
  if (point_ && !invoice_id_.empty() && std::exchange(checkpoint_due_, false)) {
    output_->Write(CheckpointText(*point_, org_id_));
  }
}

void EventClient::TellStale() {
  BeginAnswer();
  if (std::exchange(told_current_, false) != false) output_->Write(CurrencyText(false));
}

void EventClient::Replay() {
  phase_ = Phase::kReplaying;
  while (true) {
    // They may have moved on while the client took what it was sent.
    if (!stream_.Covers(*point_, thread_)) return CatchUp();
    const RecentEvent* next = stream_.recent().Next(point_->position, thread_);
    if (next == nullptr) break;
    const std::size_t pending = output_->pending_bytes();
    if (pending > 0 && pending + next->text->size() > stream_.pending_bytes_max()) return;
    output_->Write(next->text);
    point_->position = next->position;
  }
  std::string().swap(bearer_);
  stream_.Joined(this);
  phase_ = Phase::kLive;
  TellCurrency(stream_.told_current());
}

void EventClient::CatchUp() {
  if (!stream_.TakeCatchUp(org_id_)) return Wait();
  phase_ = Phase::kCatchingUp;
  heard_at_ = Clock::now();
  comments::v1::WatchEventsRequest request;
  request.set_after_token(MakeConsistencyToken(*point_, scope_));
  request.set_invoice_id(invoice_id_);
  catch_up_ = std::make_unique<WatchCall>(
      stream_.io(), stream_.upstream(), request, bearer_, request_id_, PartOf(trace_),
      WatchCall::Events{
          [this](const comments::v1::WatchEventsResponse& message) { CaughtUp(message); },
          [this](const absl::Status& status) { Failed(status); }});
}

void EventClient::CaughtUp(const comments::v1::WatchEventsResponse& message) {
  const auto end = ParseConsistencyToken(message.checkpoint_token(), scope_, "checkpoint_token",
                                         "RESUME_TOKEN_INVALID");
  if (!end.ok()) return End(absl::InternalError("a watch sent an unreadable checkpoint"));
  heard_at_ = Clock::now();
  BeginAnswer();
  // A tenant's watch says where the message ends and not where each event stands.
  std::vector<const comments::v1::Event*> told;
  for (const comments::v1::Event& event : message.events()) {
    // A machine's watch also tells of other tenants.
    const bool ours = event.org_id() == org_id_ && InvoiceOf(event) == invoice_id_;
    if (ours && !KindName(event).empty()) told.push_back(&event);
  }
  for (const comments::v1::Event* event : told) {
    const bool last = event == told.back();
    output_->Write(ThreadEventText(*event, last ? std::optional(*end) : std::nullopt));
  }
  point_ = *end;
  // The place for a watch upstream is given back only when what came by it has gone out: the number
  // of places bounds the memory.
  if (output_->pending_bytes() < stream_.pending_bytes_max()) GoOn();
}

void EventClient::GoOn() {
  if (!stream_.Covers(*point_, thread_)) {
    heard_at_ = Clock::now();
    return catch_up_->Next();
  }
  StopCatchUp();
  Replay();
}

void EventClient::Drained() {
  if (catch_up_ != nullptr) return GoOn();
  if (phase_ == Phase::kReplaying) Replay();
}

void EventClient::Send(const EventText& text) {
  const std::size_t pending = output_->pending_bytes();
  if (pending > 0 && pending + text->size() > stream_.pending_bytes_max()) {
    return output_->Abort();
  }
  output_->Write(text);
}

void EventClient::TellCurrency(bool current) {
  if (phase_ != Phase::kLive || std::exchange(told_current_, current) == current) return;
  Send(CurrencyText(current));
}

void EventClient::Tick(Clock::time_point now) {
  if (absl::Now() >= expires_) {
    return End(Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID", "the token expired"));
  }
  if (output_ == nullptr && now - started_ >= absl::ToChronoNanoseconds(stream_.open_within())) {
    TellStale();
  }
  if (phase_ == Phase::kWaiting && now >= again_at_) return TryAgain();
  // A watch says something every second; one that waits for the client is not to blame.
  if (phase_ == Phase::kCatchingUp && (output_ == nullptr || output_->pending_bytes() == 0) &&
      now - heard_at_ >= absl::ToChronoNanoseconds(kReadDeadline)) {
    Wait();
  }
  if (output_ == nullptr || now < heartbeat_due_) return;
  heartbeat_due_ = now + stream_.heartbeat();
  // To one who does not read there is no use in saying more.
  if (output_->pending_bytes() > 0) return;
  output_->Write(phase_ == Phase::kLive ? stream_.HeartbeatOf(org_id_) : HeartbeatText());
}

void EventClient::End(const absl::Status& why) {
  StopCatchUp();
  // One whose stream ends early comes back, and is told why if it cannot go on.
  if (output_ != nullptr) return output_->End();
  call_->Fail(why);
  call_.reset();
  stream_.Left(this);
}

void EventClient::Failed(const absl::Status& why) {
  if (!IsPassing(why)) return End(why);
  Wait();
}

void EventClient::Wait() {
  StopCatchUp();
  phase_ = Phase::kWaiting;
  again_at_ = Clock::now() + std::chrono::milliseconds(Between(kAgainMsMin, kAgainMsMax));
  TellStale();
}

void EventClient::TryAgain() {
  // While nothing is heard from upstream, nobody asks it for more; and all go on waiting each for
  // its own time, so that they do not all ask at once when it is back. Where the gateway cannot
  // follow the events, nobody is live.
  if (!stream_.current()) return Wait();
  if (invoice_id_.empty()) return Ask();
  Begin();
}

void EventClient::StopCatchUp() {
  if (catch_up_ == nullptr) return;
  catch_up_.reset();
  stream_.LeaveCatchUp(org_id_);
}

}  // namespace marginalia
