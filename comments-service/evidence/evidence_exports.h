// Makes the evidence files that callers ask for, on a thread of its own, a step at a time and by
// turns of tenants, so that neither calls nor other tenants wait for a long thread, or for many. A
// file is in memory while it is made and until its reader has taken it, so few are at a time. Owned
// by main. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_EXPORTS_H_
#define MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_EXPORTS_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "comments-service/evidence/evidence_work.h"
#include "comments-service/verification/tenant_turns.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"

namespace marginalia {

// Files in memory: being made, or made and not taken yet; and those of one tenant. The last place
// is for a tenant that has none yet: few who take their files slowly hold up nobody else.
inline constexpr std::size_t kEvidencesAtATimeMax = 4;
inline constexpr std::size_t kTenantEvidencesAtATimeMax = 2;
// Those and the ones that wait for their turn.
inline constexpr std::size_t kEvidencesMax = 64;
inline constexpr std::size_t kTenantEvidencesMax = 4;
// How long a reader may take to take a file.
inline constexpr absl::Duration kEvidenceTakenMax = absl::Seconds(60);

struct EvidenceFile {
  std::string invoice_id;
  // Entries of the checkpoint's tree.
  std::int64_t tree_size = 0;
  // What verifies the checkpoint.
  std::vector<std::string> verifier_keys;
  std::string bytes;
};

// Whom a file is made for.
class EvidenceReader {
 public:
  virtual ~EvidenceReader() = default;
  // Called once, unless the reader leaves before. Must not call back. After a failure nothing else
  // is called.
  virtual void Made(absl::StatusOr<std::shared_ptr<const EvidenceFile>> file) = 0;
  // The file took too long to be taken, or holds a text that was erased. Must not call back; the
  // reader is to leave soon.
  virtual void Cut() = 0;
};

struct EvidenceRequest {
  ThreadName thread;
  bool shows_removed = false;
};

class EvidenceExports {
 public:
  // Neither is owned. `taken_max` is how long a reader may take.
  EvidenceExports(Database& database, Checkpoints& checkpoints,
                  absl::Duration taken_max = kEvidenceTakenMax);
  ~EvidenceExports();
  EvidenceExports(const EvidenceExports&) = delete;
  EvidenceExports& operator=(const EvidenceExports&) = delete;

  // Has a file made for `reader`, who must Leave before it is gone. Errors: FAILED_PRECONDITION
  // (NO_CHECKPOINT_KEY); RESOURCE_EXHAUSTED (EVIDENCE_QUEUE_FULL) with RetryInfo; UNAVAILABLE
  // (DRAINING). Those of EvidenceWork come by Made.
  absl::Status Enter(EvidenceRequest request, EvidenceReader* reader);
  // From now on the reader is not called; waits for a call that is under way. Does nothing when it
  // has not entered, or has left.
  void Leave(EvidenceReader* reader);

  // A text of the thread was erased: what is being made of it begins anew, who is taking it is cut.
  void LetGoOf(std::string_view org_id, std::string_view invoice_id);

  // What is not made is answered UNAVAILABLE (DRAINING); who is taking a file goes on.
  void Stop();

 private:
  struct Export {
    EvidenceRequest request;
    EvidenceReader* reader = nullptr;
    enum class Phase { kWaiting, kMaking, kMade, kCut } phase = Phase::kWaiting;
    std::unique_ptr<EvidenceWork> work;  // while it is being made
    SteadyTime taken_until = SteadyTime::Never();
    bool has_left = false;
    bool outdated = false;
  };
  using Made = absl::StatusOr<std::shared_ptr<const EvidenceFile>>;

  void Work();
  // Null: there is more to do.
  std::optional<Made> Step(EvidenceWork& work, const EvidenceRequest& request);
  // All below with mutex_ held.
  bool HasRoom(const Export& waiting) const;
  void CutOverdue();
  SteadyTime NextOverdue() const;
  std::size_t CountOf(std::string_view org_id) const;
  void Stepped(const std::shared_ptr<Export>& stepped, std::optional<Made> made);
  void Restart(Export& each);

  Database& database_;
  Checkpoints& checkpoints_;
  const absl::Duration taken_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::shared_ptr<Export>> exports_;  // guarded by mutex_
  // Of them, those that are not made, but for the one that has its step. Guarded by mutex_.
  TenantTurns<std::shared_ptr<Export>> turns_;
  bool stopping_ = false;  // guarded by mutex_
  bool ending_ = false;    // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_EXPORTS_H_
