#include "comments-service/watch/watcher_rpc.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

#include "comments-service/call_context_rpc.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "services/errors/errors.h"
#include "services/rpc/raw_message.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kTokenInvalid = "RESUME_TOKEN_INVALID";
constexpr std::string_view kCompacted = "EVENTS_COMPACTED";
constexpr absl::Duration kRetryAfterDrain = absl::Milliseconds(100);
// No log gets past it: who waits for it waits for the time.
constexpr std::int64_t kNoPosition = INT64_MAX;

absl::Status Draining() {
  return Refusal(absl::StatusCode::kUnavailable, "DRAINING",
                 "the server is going away: resume after the last checkpoint_token", {},
                 kRetryAfterDrain);
}

absl::Status TokenExpired() {
  return Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED",
                 "the token has expired: resume after the last checkpoint_token with a new one");
}

absl::Status Behind() {
  return Refusal(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE",
                 "this replica cannot read what others have written: resume after the last "
                 "checkpoint_token, on another one");
}

absl::Status NotOfThisLog() {
  return InvalidField("after_token", "is not a token of this event log", kTokenInvalid);
}

// Where the log begins is as much a number of all tenants as where it ends.
absl::Status CompactedFor(bool all_tenants, const absl::Status& status) {
  if (all_tenants || ReasonOf(status) != kCompacted) return status;
  return Refusal(status.code(), kCompacted, std::string(status.message()));
}

}  // namespace

// Who goes on with a watch that waits: the first to take it, of those that may.
class Watcher::Claim {
 public:
  bool Take() { return !taken_.exchange(true, std::memory_order_acq_rel); }

 private:
  std::atomic<bool> taken_ = false;
};

Watcher::Watcher(grpc::CallbackServerContext* context, AdmittedCall call, EventFeed& feed,
                 OpenWatches& watches)
    : context_(context),
      call_(std::move(call)),
      feed_(feed),
      watches_(watches),
      for_all_tenants_(call_.caller().acts_for_all_tenants()),
      scope_(TokenScope(call_.caller())) {
  watches_.Opened(this);
}

void Watcher::Start(const grpc::ByteBuffer& bytes, InvoiceLookup& invoices) {
  absl::Status checked = ParseRequest(bytes, request_);
  if (checked.ok() && for_all_tenants_ && !request_.invoice_id().empty()) {
    checked = InField("invoice_id", CheckInvoiceId(request_.invoice_id()));
  }
  if (!checked.ok()) return End(checked);
  FindThread(invoices);
}

void Watcher::FindThread(InvoiceLookup& invoices) {
  if (for_all_tenants_ || request_.invoice_id().empty()) {
    invoice_id_ = request_.invoice_id();
    return FindStart();
  }
  invoices.Find(ContextOf(call_), request_.invoice_id(),
                [this](absl::StatusOr<std::string> thread) {
                  if (!thread.ok()) return End(thread.status());
                  invoice_id_ = *std::move(thread);
                  FindStart();
                });
}

// Asks the database where the log ends when that decides: another replica may have written, or
// given out the token.
void Watcher::FindStart() {
  EventLog& log = feed_.log();
  if (request_.from_beginning()) {
    told_ = position_;
    return Begin();
  }
  if (request_.has_after_token()) {
    const absl::StatusOr<LogPoint> point =
        ParseConsistencyToken(request_.after_token(), scope_, "after_token", kTokenInvalid);
    if (!point.ok()) return End(point.status());
    if (point->log_id != log.id()) return End(NotOfThisLog());
    told_ = position_ = point->position;
    if (position_ <= log.head()) return Begin();
  }
  auto answered = Answered<std::int64_t>(&Watcher::StartAt);
  if (answered != nullptr) log.RefreshHeadThen(SteadyTime::Never(), std::move(answered));
}

void Watcher::StartAt(absl::StatusOr<std::int64_t> head) {
  if (!head.ok()) return End(head.status());
  if (!request_.has_after_token()) position_ = *head;
  if (position_ > *head) return End(NotOfThisLog());
  Begin();
}

void Watcher::Begin() {
  request_.Clear();
  place_ = feed_.HoldPlace(position_);
  // The feed may still have in memory what retention has removed; whether a watch may start must
  // not depend on that.
  EventLog& log = feed_.log();
  const std::int64_t position = position_;
  auto answered = Answered<std::vector<EventPointer>>(&Watcher::Checked);
  if (answered != nullptr) {
    log.ReadAfterThen(SteadyTime::Never(), position, 0, std::move(answered));
  }
}

void Watcher::Checked(absl::StatusOr<std::vector<EventPointer>> retained) {
  if (!retained.ok()) return End(CompactedFor(for_all_tenants_, retained.status()));
  Step();
}

void Watcher::Step() {
  if (cancelled()) return End(absl::CancelledError());
  if (feed_.closed()) return SendLast(Draining());
  if (absl::Now() >= call_.token_expires()) return SendLast(TokenExpired());
  if (auto batch = feed_.InMemory(position_)) return StepWith(*std::move(batch));
  EventLog& log = feed_.log();
  const std::int64_t position = position_;
  auto answered = Answered<std::vector<EventPointer>>(&Watcher::Took);
  if (answered != nullptr) {
    log.ReadAfterThen(SteadyTime::Never(), position, kBatchEventsMax, std::move(answered));
  }
}

void Watcher::Took(absl::StatusOr<std::vector<EventPointer>> batch) {
  if (!batch.ok()) return End(CompactedFor(for_all_tenants_, batch.status()));
  StepWith(*std::move(batch));
}

void Watcher::StepWith(std::vector<EventPointer> batch) {
  // Not with a last message: each one says that there is nothing else up to its checkpoint.
  if (batch.empty() && !feed_.IsCurrent(kWatchBehindMax)) return End(Behind());
  if (Gather(batch) || checkpoint_due_.passed() || silent_batches_ >= kSilentBatchesMax) {
    return Send();
  }
  if (batch.empty()) return Wait();
  ++silent_batches_;
  Step();
}

bool Watcher::Matches(const Event& event) const {
  return (for_all_tenants_ || event.org_id == call_.caller().org_id) &&
         (invoice_id_.empty() || event.subject == invoice_id_);
}

bool Watcher::Gather(const std::vector<EventPointer>& batch) {
  constexpr std::size_t kTokenBytes = 64;
  constexpr std::size_t kFramingBytes = 6;
  // With too much under way to others already, this one sends little at a time.
  const bool one_only = watches_.crowded();
  std::size_t bytes = kTokenBytes;
  for (const EventPointer& event : batch) bytes += event->payload.size() + kFramingBytes;
  if (!one_only && for_all_tenants_ && invoice_id_.empty()) gathered_.reserve(bytes);
  for (const EventPointer& event : batch) {
    position_ = event->position;
    if (!Matches(*event)) continue;
    AppendWatchedEvent(gathered_,
                       for_all_tenants_ ? event->payload : WithoutPosition(event->payload));
    if (one_only) break;
  }
  return !gathered_.empty();
}

void Watcher::CompleteMessage() {
  AppendCheckpoint(
      gathered_, MakeConsistencyToken({.log_id = feed_.log().id(), .position = position_}, scope_));
  const std::size_t bytes = gathered_.size();
  message_ = ToByteBuffer(std::make_shared<const std::string>(std::move(gathered_)));
  gathered_.clear();
  watches_.WriteBegins(this, bytes);
}

void Watcher::Send() {
  silent_batches_ = 0;
  checkpoint_due_ = SteadyTime::Now() + kCheckpointInterval;
  told_ = position_;
  CompleteMessage();
  StartWrite(&message_);
}

void Watcher::OnWriteDone(bool ok) {
  watches_.WriteEnded(this);
  message_.Clear();
  if (!ok) return End(absl::CancelledError());
  place_->Advance(position_);
  Step();
}

void Watcher::Wait() {
  // What did not match needs no keeping either.
  place_->Advance(position_);
  silent_batches_ = 0;
  const SteadyTime token_expires = SteadyTime::Now() + (call_.token_expires() - absl::Now());
  LetGo(position_, std::min(checkpoint_due_, token_expires), &Watcher::Step);
}

std::shared_ptr<Watcher::Claim> Watcher::LetGo(std::int64_t after, SteadyTime until,
                                               void (Watcher::*woken)()) {
  auto claim = std::make_shared<Claim>();
  std::unique_lock lock(mutex_);
  if (cancelled_) {
    lock.unlock();
    End(absl::CancelledError());
    return nullptr;
  }
  claim_ = claim;
  wake_id_ = feed_.WakeAfter(after, until, [this, claim, woken] {
    if (claim->Take()) (this->*woken)();
  });
  return claim;
}

template <class Answer>
absl::AnyInvocable<void(absl::StatusOr<Answer>)> Watcher::Answered(
    void (Watcher::*then)(absl::StatusOr<Answer>)) {
  std::shared_ptr<Claim> claim =
      LetGo(kNoPosition, SteadyTime::Now() + kWatchBehindMax, &Watcher::Unanswered);
  if (claim == nullptr) return nullptr;
  return [this, claim = std::move(claim), then](absl::StatusOr<Answer> answer) {
    if (!claim->Take()) return;
    {
      const std::lock_guard lock(mutex_);
      feed_.Cancel(wake_id_);
    }
    (this->*then)(std::move(answer));
  };
}

// The feed closes, or the database takes too long.
void Watcher::Unanswered() {
  if (feed_.closed() && place_ != nullptr) return SendLast(Draining());
  End(feed_.closed() ? Draining() : Behind());
}

void Watcher::OnCancel() {
  std::shared_ptr<Claim> claim;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    claim = claim_;
  }
  // Otherwise whoever has it in hand will see.
  if (claim == nullptr || !claim->Take()) return;
  feed_.Cancel(wake_id_);
  End(absl::CancelledError());
}

bool Watcher::cancelled() {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Watcher::SendLast(const absl::Status& status) {
  // One who watches all takes a message without events for 'there are no more', which nobody has
  // looked for: he gets none, because with every position of his came an event.
  if (told_ == position_) return End(status);
  CompleteMessage();
  StartWriteAndFinish(&message_, grpc::WriteOptions(), call_.Ended(status));
}

void Watcher::End(const absl::Status& status) { Finish(call_.Ended(status)); }

void Watcher::OnDone() {
  watches_.Closed(this);
  delete this;
}

}  // namespace marginalia
