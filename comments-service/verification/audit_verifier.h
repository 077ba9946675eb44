// Verifies a tenant's whole audit log, on a thread of its own and a chunk at a time, so that
// neither calls nor checkpoints wait for it, and no tenant for another one's log. Owned by main.
// Verify is thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_AUDIT_VERIFIER_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_AUDIT_VERIFIER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/verification/tenant_turns.h"
#include "comments-service/verification/verification.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"

namespace marginalia {

inline constexpr std::size_t kVerificationsQueuedMax = 256;
inline constexpr std::size_t kTenantVerificationsMax = 8;
// How often the log is told how far a verification is.
inline constexpr absl::Duration kProgressInterval = absl::Seconds(5);

class AuditVerifier {
 public:
  // Neither is owned; both must outlive it. `progress_interval` is how often the log is told.
  AuditVerifier(Database& database, InvoiceLookup& invoices,
                absl::Duration progress_interval = kProgressInterval);
  ~AuditVerifier();

  // Ends the verifications under way; they and what is queued are answered UNAVAILABLE.
  void Stop();

  // Compares all that the record covers (audit/README.md says what) with the entries and these with
  // each other, of the whole log or, where an invoice is named, of its thread. One that its caller
  // has given up ends before the next step of any. Errors: those of InvoiceLookup,
  // RESOURCE_EXHAUSTED (VERIFY_QUEUE_FULL) with RetryInfo, DEADLINE_EXCEEDED.
  void Verify(const CallContext& call, std::string invoice_id, Answer<AuditVerdict> answer);

 private:
  struct Order {
    std::unique_ptr<Verification> verification;
    // Of the call, which lives until it is answered; null: nobody tells.
    const std::atomic<bool>* cancelled = nullptr;
    SteadyTime deadline;
    Answer<AuditVerdict> answer;
    // Since the log was told how far it is.
    Stopwatch told = {};
  };
  static bool IsGivenUp(const Order& order);
  void Queue(const CallContext& call, std::string invoice_id, Answer<AuditVerdict> answer);
  void Work();
  // Nothing: it goes on.
  std::optional<absl::StatusOr<AuditVerdict>> Step(const std::string& org_id, Order& order);

  Database& database_;
  InvoiceLookup& invoices_;
  const absl::Duration progress_interval_;
  std::mutex mutex_;
  std::condition_variable changed_;
  TenantTurns<Order> orders_;  // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_AUDIT_VERIFIER_H_
