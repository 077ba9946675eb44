#include "comments-service/watch/watch_events_rpc.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "comments-service/call_context_rpc.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/comment_wire.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/raw_message.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

using comments::v1::WatchEventsRequest;

constexpr std::string_view kTokenInvalid = "RESUME_TOKEN_INVALID";
constexpr absl::Duration kRetryAfterDrain = absl::Milliseconds(100);

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

// A call that is refused before it becomes a watch.
class RefusedWatch : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit RefusedWatch(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

// One watch. It is always in exactly one hand: of the code that looks for what to send next (Step),
// of a message under way, or of the feed that will wake it. Only OnCancel and Cut come from
// outside.
class Watcher : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public Watch {
 public:
  Watcher(grpc::CallbackServerContext* context, AdmittedCall call, EventFeed& feed,
          OpenWatches& watches)
      : context_(context),
        call_(std::move(call)),
        feed_(feed),
        watches_(watches),
        for_all_tenants_(call_.caller().acts_for_all_tenants()),
        scope_(TokenScope(call_.caller())) {
    watches_.Opened(this);
  }

  void Start(const grpc::ByteBuffer& bytes, InvoiceLookup& invoices);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void Cut() override { context_->TryCancel(); }

 private:
  absl::Status StartAt(const WatchEventsRequest& request);
  void Begin();
  void Step();
  // Goes through a batch. True: there is something to send.
  bool Gather(const std::vector<EventPointer>& batch);
  bool Matches(const Event& event) const;
  void Send();
  void SendLast(const absl::Status& status);
  void Wait();
  void Woken();
  void End(const absl::Status& status);
  bool cancelled();
  void CompleteMessage();

  grpc::CallbackServerContext* const context_;
  AdmittedCall call_;
  EventFeed& feed_;
  OpenWatches& watches_;
  const bool for_all_tenants_;
  const std::string scope_;

  // In the one hand.
  std::string invoice_id_;  // empty: all
  std::int64_t position_ = 0;
  std::unique_ptr<EventFeed::Place> place_;
  SteadyTime checkpoint_due_;
  std::string gathered_;
  grpc::ByteBuffer message_;

  std::mutex mutex_;
  bool cancelled_ = false;     // guarded by mutex_
  bool waiting_ = false;       // guarded by mutex_
  std::uint64_t wake_id_ = 0;  // guarded by mutex_; while waiting_
};

void Watcher::Start(const grpc::ByteBuffer& bytes, InvoiceLookup& invoices) {
  WatchEventsRequest request;
  absl::Status checked = ParseRequest(bytes, request);
  if (checked.ok()) checked = StartAt(request);
  if (checked.ok() && for_all_tenants_ && !request.invoice_id().empty()) {
    checked = InField("invoice_id", CheckInvoiceId(request.invoice_id()));
  }
  if (!checked.ok()) return End(checked);
  if (for_all_tenants_ || request.invoice_id().empty()) {
    invoice_id_ = request.invoice_id();
    return Begin();
  }
  invoices.Find(ContextOf(call_), request.invoice_id(), [this](absl::StatusOr<std::string> thread) {
    if (!thread.ok()) return End(thread.status());
    invoice_id_ = *std::move(thread);
    Begin();
  });
}

absl::Status Watcher::StartAt(const WatchEventsRequest& request) {
  EventLog& log = feed_.log();
  if (request.from_beginning()) return absl::OkStatus();
  if (!request.has_after_token()) {
    const absl::StatusOr<std::int64_t> head = log.RefreshHead();
    if (head.ok()) position_ = *head;
    return head.status();
  }
  const absl::StatusOr<LogPoint> point =
      ParseConsistencyToken(request.after_token(), scope_, "after_token", kTokenInvalid);
  if (!point.ok()) return point.status();
  if (point->log_id != log.id()) return NotOfThisLog();
  if (point->position > log.head()) {
    // Another replica may have given out the token.
    const absl::StatusOr<std::int64_t> head = log.RefreshHead();
    if (!head.ok()) return head.status();
    if (point->position > *head) return NotOfThisLog();
  }
  position_ = point->position;
  return absl::OkStatus();
}

void Watcher::Begin() {
  place_ = feed_.HoldPlace(position_);
  // The feed may still have in memory what retention has removed; whether a watch may start must
  // not depend on that.
  const auto retained = feed_.log().ReadAfter(position_, 0);
  if (!retained.ok()) return End(retained.status());
  Step();
}

void Watcher::Step() {
  for (int silent_batches = 0;; ++silent_batches) {
    if (cancelled()) return End(absl::CancelledError());
    if (feed_.closed()) return SendLast(Draining());
    if (absl::Now() >= call_.token_expires()) return SendLast(TokenExpired());
    const absl::StatusOr<std::vector<EventPointer>> batch = feed_.After(position_);
    if (!batch.ok()) return End(batch.status());
    // Not with a last message: each one says that there is nothing else up to its checkpoint.
    if (batch->empty() && !feed_.IsCurrent(kWatchBehindMax)) return End(Behind());
    if (Gather(*batch) || checkpoint_due_.passed() || silent_batches >= kSilentBatchesMax) {
      return Send();
    }
    if (batch->empty()) return Wait();
  }
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
    AppendWatchedEvent(gathered_, event->payload);
    if (one_only) break;
  }
  return !gathered_.empty();
}

void Watcher::CompleteMessage() {
  AppendCheckpoint(
      gathered_, MakeConsistencyToken({.log_id = feed_.log().id(), .position = position_}, scope_));
  watches_.WriteBegins(this, gathered_.size());
  message_ = ToByteBuffer(std::make_shared<const std::string>(std::move(gathered_)));
  gathered_.clear();
}

void Watcher::Send() {
  CompleteMessage();
  checkpoint_due_ = SteadyTime::Now() + kCheckpointInterval;
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
  const SteadyTime until =
      std::min(checkpoint_due_, SteadyTime::Now() + (call_.token_expires() - absl::Now()));
  std::unique_lock lock(mutex_);
  if (cancelled_) {
    lock.unlock();
    return End(absl::CancelledError());
  }
  waiting_ = true;
  wake_id_ = feed_.WakeAfter(position_, until, [this] { Woken(); });
}

void Watcher::Woken() {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
  }
  Step();
}

void Watcher::OnCancel() {
  bool mine = false;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    // Otherwise whoever has it in hand will see.
    mine = waiting_ && feed_.Cancel(wake_id_);
    if (mine) waiting_ = false;
  }
  if (mine) End(absl::CancelledError());
}

bool Watcher::cancelled() {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Watcher::SendLast(const absl::Status& status) {
  CompleteMessage();
  StartWriteAndFinish(&message_, grpc::WriteOptions(), call_.Ended(status));
}

void Watcher::End(const absl::Status& status) { Finish(call_.Ended(status)); }

void Watcher::OnDone() {
  watches_.Closed(this);
  delete this;
}

}  // namespace

WatchEventsRpc::WatchEventsRpc(Gate& gate, EventFeed& feed, InvoiceLookup& invoices,
                               OpenWatches& watches)
    : gate_(gate),
      feed_(feed),
      invoices_(invoices),
      watches_(watches),
      method_(gate.Method("marginalia.comments.v1.CommentsService/WatchEvents")) {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEventsRpc::Watch(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  absl::StatusOr<AdmittedCall> call = gate_.Admit(context, method_);
  if (!call.ok()) return new RefusedWatch(call.status());
  auto* watcher = new Watcher(context, *std::move(call), feed_, watches_);
  watcher->Start(*request, invoices_);
  return watcher;
}

}  // namespace marginalia
