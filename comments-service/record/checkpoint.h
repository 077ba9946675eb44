// What a log says of itself: so many entries, under this root. As C2SP's tlog-checkpoint
// (https://c2sp.org/tlog-checkpoint) and tlog-proof (https://c2sp.org/tlog-proof) describe it.
// Values and pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_CHECKPOINT_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_CHECKPOINT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "comments-service/record/digest.h"
#include "comments-service/record/signed_note.h"

namespace marginalia {

// The name that the services' keys go by. It is one for all logs, so that a verifier has one key
// for all of a deployment's tenants; the origin tells the logs apart.
inline constexpr char kCheckpointKeyName[] = "marginalia.dev/checkpoint";

struct Checkpoint {
  std::string origin;
  std::int64_t size = 0;
  Digest root{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// marginalia.dev/LOG_ID/ORG_ID. Whatever of the tenant's id is not unreserved in a URL (RFC 3986,
// section 2.3) is percent-encoded.
std::string CheckpointOrigin(std::string_view log_id, std::string_view org_id);

// Whether `origin` is this tenant's in some log.
bool IsOriginOf(std::string_view origin, std::string_view org_id);

// The text to sign.
std::string CheckpointText(const Checkpoint& checkpoint);

// INVALID_ARGUMENT, with what is wrong with it, when `text` is none. Extension lines are ignored.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);

// Of a note that one of the keys has signed. DATA_LOSS when none has, or when it is no checkpoint.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, std::span<const VerifierKey> keys);

// The proof that a leaf is in a tree, as text.
struct InclusionProofText {
  std::int64_t index = 0;
  std::vector<Digest> hashes;
  // A signed note; empty when the checkpoint stands elsewhere.
  std::string checkpoint;
};

// With the blank line and the checkpoint when there is one, and without both when there is none.
std::string FormatProof(const InclusionProofText& proof);

// INVALID_ARGUMENT, with what is wrong with it, when `text` is none.
absl::StatusOr<InclusionProofText> ParseProof(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_CHECKPOINT_H_
