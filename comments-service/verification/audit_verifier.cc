#include "comments-service/verification/audit_verifier.h"

#include <string_view>
#include <utility>
#include <vector>

#include "services/errors/draining.h"
#include "services/errors/errors.h"
#include "services/process/log.h"

namespace marginalia {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Seconds(5);

absl::Status QueueFull() {
  return Refusal(absl::StatusCode::kResourceExhausted, "VERIFY_QUEUE_FULL",
                 "too many audit logs are being verified: try again later", {},
                 kQueueFullRetryAfter);
}

absl::Status TooLate() {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 "the deadline passed before the whole audit log was verified");
}

void TellProgress(const std::string& org_id, const Verification& verification) {
  Log(Severity::kInfo, "verifying an audit log",
      {{"org_id", std::string_view(org_id)},
       {"invoice_id", std::string_view(verification.invoice_id())},
       {"stage", verification.stage()},
       {"entries", verification.entries_checked()},
       {"entries_expected", verification.entries_expected()}});
}

void TellVerdict(const std::string& org_id, const std::string& invoice_id,
                 const AuditVerdict& verdict) {
  if (verdict.first_broken_position == 0) return;
  const Finding& broken = verdict.broken;
  Log(Severity::kError, "an audit log is not what was recorded",
      {{"org_id", std::string_view(org_id)},
       {"invoice_id", std::string_view(invoice_id)},
       {"position", broken.position},
       {"number", broken.number},
       {"comment_id", std::string_view(broken.comment_id)},
       {"what", std::string_view(broken.what)}});
}

absl::Status GivenUp() { return absl::CancelledError("the caller has given the verification up"); }

}  // namespace

AuditVerifier::AuditVerifier(Database& database, InvoiceLookup& invoices,
                             absl::Duration progress_interval)
    : database_(database), invoices_(invoices), progress_interval_(progress_interval) {
  thread_ = std::thread([this] { Work(); });
}

AuditVerifier::~AuditVerifier() {
  Stop();
  thread_.join();
}

void AuditVerifier::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
}

void AuditVerifier::Verify(const CallContext& call, std::string invoice_id,
                           Answer<AuditVerdict> answer) {
  if (invoice_id.empty()) return Queue(call, std::move(invoice_id), std::move(answer));
  auto queue = [this, call,
                answer = std::move(answer)](absl::StatusOr<std::string> thread) mutable {
    if (!thread.ok()) return answer(thread.status());
    Queue(call, *std::move(thread), std::move(answer));
  };
  invoices_.Find(call, std::move(invoice_id), std::move(queue));
}

void AuditVerifier::Queue(const CallContext& call, std::string invoice_id,
                          Answer<AuditVerdict> answer) {
  const std::string& org_id = call.caller.org_id;
  std::vector<Order> given_up;
  absl::Status refused;
  {
    const std::lock_guard lock(mutex_);
    given_up = orders_.TakeIf(IsGivenUp);
    if (stopping_) {
      refused = Draining();
    } else if (orders_.size() >= kVerificationsQueuedMax ||
               orders_.CountOf(org_id) >= kTenantVerificationsMax) {
      refused = QueueFull();
    } else {
      orders_.Add(org_id,
                  {.verification = std::make_unique<Verification>(org_id, std::move(invoice_id)),
                   .cancelled = call.cancelled,
                   .deadline = call.deadline,
                   .answer = std::move(answer)});
    }
  }
  for (Order& order : given_up) order.answer(GivenUp());
  if (!refused.ok()) return answer(refused);
  changed_.notify_one();
}

bool AuditVerifier::IsGivenUp(const Order& order) {
  return order.cancelled != nullptr && *order.cancelled;
}

void AuditVerifier::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !orders_.empty(); });
    if (orders_.empty()) return;
    // Also those whose turn it is not yet: what nobody waits for takes nobody's place.
    std::vector<Order> given_up = orders_.TakeIf(IsGivenUp);
    if (!given_up.empty()) {
      lock.unlock();
      for (Order& order : given_up) order.answer(GivenUp());
      lock.lock();
      continue;
    }
    auto [org_id, order] = orders_.Take();
    const bool stopping = stopping_;
    lock.unlock();
    std::optional<absl::StatusOr<AuditVerdict>> ended;
    if (stopping) {
      ended = Draining();
    } else {
      ended = Step(org_id, order);
    }
    if (ended.has_value()) order.answer(*std::move(ended));
    lock.lock();
    if (!ended.has_value()) orders_.PutBack(org_id, std::move(order));
  }
}

std::optional<absl::StatusOr<AuditVerdict>> AuditVerifier::Step(const std::string& org_id,
                                                                Order& order) {
  if (SteadyTime::Now() > order.deadline) return TooLate();
  Verification& verification = *order.verification;
  const absl::Status step =
      database_.Read(Tenants::One(org_id), [&verification](Connection& connection) {
        verification.Step(connection);
        return absl::OkStatus();
      });
  if (!step.ok()) return step;
  if (verification.done()) {
    AuditVerdict verdict = verification.verdict();
    TellVerdict(org_id, verification.invoice_id(), verdict);
    return verdict;
  }
  if (order.told.elapsed() >= progress_interval_) {
    TellProgress(org_id, verification);
    order.told = Stopwatch();
  }
  return std::nullopt;
}

}  // namespace marginalia
