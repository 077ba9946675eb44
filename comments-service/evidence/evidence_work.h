// The making of one thread's evidence, a step at a time: first what was said, with the checkpoint
// of the same moment, in one snapshot; then the entries' proofs, which nothing changes any more, in
// many short ones. Used by one thread.
#ifndef MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_WORK_H_
#define MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_WORK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "comments-service/audit/checkpoints.h"
#include "comments-service/evidence/evidence_store.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Proofs made in one snapshot.
inline constexpr std::size_t kProofsAStep = 200;

class EvidenceWork {
 public:
  // `checkpoints` must outlive it. `shows_removed`: with the texts of removed comments.
  EvidenceWork(Checkpoints& checkpoints, ThreadName thread, bool shows_removed)
      : checkpoints_(checkpoints), thread_(std::move(thread)), shows_removed_(shows_removed) {}

  // Inside a read for the tenant. Errors: FAILED_PRECONDITION (EVIDENCE_TOO_LARGE), UNAVAILABLE
  // (RECORD_BEHIND) while entries of the thread are not in the tree yet. Throws what SOCI throws,
  // and DamagedRecord.
  absl::Status Step(Connection& connection);

  bool done() const { return read_ && proven_ == evidence_.entries.size(); }
  // Once it is done.
  const Evidence& evidence() const { return evidence_; }
  std::int64_t tree_size() const { return size_; }
  // What verifies its checkpoint.
  const std::vector<std::string>& verifier_keys() const { return verifier_keys_; }

 private:
  absl::Status ReadAll(Connection& connection);
  void Prove(Connection& connection);

  Checkpoints& checkpoints_;
  const ThreadName thread_;
  const bool shows_removed_;
  bool read_ = false;
  std::int64_t size_ = 0;
  std::vector<std::string> verifier_keys_;
  Evidence evidence_;
  std::size_t proven_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_EVIDENCE_EVIDENCE_WORK_H_
