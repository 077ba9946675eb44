// What the record says of itself to its tenant's admins: signed checkpoints, and proofs that an
// entry is in one and that one continues another. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINTS_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "comments-service/audit/checkpoint_signer.h"
#include "comments-service/audit/record_damage.h"
#include "comments-service/call_context.h"
#include "comments-service/record/checkpoint.h"
#include "services/storage/database.h"

namespace marginalia {

struct SignedCheckpoint {
  Checkpoint checkpoint;
  // A signed note; empty where the service has no key.
  std::string note;
};

struct ProvenEntry {
  std::int64_t index = 0;
  std::vector<Digest> hashes;
  Digest leaf{};
  SignedCheckpoint of;
};

struct ProvenGrowth {
  std::vector<Digest> hashes;
  Checkpoint first;
  SignedCheckpoint second;
};

class Checkpoints {
 public:
  // Neither is owned. `log_id` is the event log's: a restored backup gets another one, and so its
  // checkpoints never contradict those of the log whose end was lost.
  Checkpoints(Database& database, CheckpointSigner& signer, std::string log_id)
      : database_(database), signer_(signer), log_id_(std::move(log_id)) {}

  // Of all entries, or, while older entries are being taken in, of those that the tree has. Errors:
  // FAILED_PRECONDITION (NO_CHECKPOINT_KEY), and of this and the two below DATA_LOSS
  // (RECORD_DAMAGED).
  void Get(const CallContext& call, Answer<SignedCheckpoint> answer);

  // That the entry with this number is in the tree of `size` entries (0: the newest). Errors:
  // INVALID_ARGUMENT; OUT_OF_RANGE (TREE_TOO_SMALL) when the tree has no such entry or size.
  void ProveEntry(const CallContext& call, std::int64_t number, std::int64_t size,
                  Answer<ProvenEntry> answer);

  // That the tree of `second` entries (0: the newest) begins with that of `first`. Errors: as
  // above.
  void ProveGrowth(const CallContext& call, std::int64_t first, std::int64_t second,
                   Answer<ProvenGrowth> answer);

  // Whether there is a key; else NoKey is what to answer.
  bool signs() const { return signer_.signs(); }
  static absl::Status NoKey();
  // The signed note of a tree that was read.
  std::string Note(const std::string& org_id, std::int64_t size, const Digest& root) {
    return Signed(org_id, size, root).note;
  }

  // Where all who prove tell of what is damaged.
  RecordDamage& damage() { return damage_; }

  // What verifies a note that was signed just now.
  std::vector<std::string> VerifierKeys() { return signer_.VerifierKeys(); }

  // The tenant's newest checkpoint, on a thread that may wait.
  absl::StatusOr<SignedCheckpoint> Newest(const std::string& org_id);

 private:
  SignedCheckpoint Signed(const std::string& org_id, std::int64_t size, const Digest& root);

  Database& database_;
  CheckpointSigner& signer_;
  const std::string log_id_;
  RecordDamage damage_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINTS_H_
