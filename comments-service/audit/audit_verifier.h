// Verifies a tenant's whole audit log, on a thread of its own and a chunk at a time, so that
// neither calls nor checkpoints wait for it, and no tenant for another one's log. Owned by main.
// Verify is thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_VERIFIER_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_VERIFIER_H_

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
#include "comments-service/audit/contents_check.h"
#include "comments-service/audit/tenant_turns.h"
#include "comments-service/call_context.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"

namespace marginalia {

inline constexpr std::size_t kVerificationsQueuedMax = 256;
inline constexpr std::size_t kTenantVerificationsMax = 8;
// Rows read in one snapshot.
inline constexpr int kVerifyChunkRows = 2000;

struct AuditVerdict {
  std::int64_t entry_count = 0;
  std::string head_hash;
  // 0: the log is intact.
  std::int64_t first_broken_position = 0;
  // What is wrong there.
  ContentFinding broken;
};

class AuditVerifier {
 public:
  explicit AuditVerifier(Database& database);
  ~AuditVerifier();

  // Ends the verifications under way; they and what is queued are answered UNAVAILABLE.
  void Stop();

  // Checks every entry's hash, that the chain ends where its head says, and that comments, entries
  // and retained events belong together. One that its caller has given up ends before the next
  // step of any. Errors: RESOURCE_EXHAUSTED (VERIFY_QUEUE_FULL) with RetryInfo, DEADLINE_EXCEEDED.
  void Verify(const CallContext& call, Answer<AuditVerdict> answer);

 private:
  class Verification;
  struct Order {
    std::unique_ptr<Verification> verification;
    // Of the call, which lives until it is answered; null: nobody tells.
    const std::atomic<bool>* cancelled = nullptr;
    SteadyTime deadline;
    Answer<AuditVerdict> answer;
  };
  static bool IsGivenUp(const Order& order);
  void Work();
  // Nothing: it goes on.
  std::optional<absl::StatusOr<AuditVerdict>> Step(const std::string& org_id, const Order& order);

  Database& database_;
  std::mutex mutex_;
  std::condition_variable changed_;
  TenantTurns<Order> orders_;  // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_VERIFIER_H_
