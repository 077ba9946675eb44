// A thread with all that proves it, as one file (format marginalia-evidence-1): what was said, the
// entries of the record, a proof for each, and the signed checkpoint that they lead to. README.md
// of this folder describes it. Values and pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_EVIDENCE_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_EVIDENCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "comments-service/record/audit_entry.h"

namespace marginalia {

// A thread of more entries makes no evidence in one file.
inline constexpr std::size_t kEvidenceEntriesMax = 10'000;
inline constexpr std::size_t kEvidenceBytesMax = 32 * 1024 * 1024;

// Somebody who did something, with what the name's commitment was made of.
struct EvidencePerson {
  std::string user_id;
  std::string display_name;
  // kSaltBytes; empty where no commitment covers the name (format 1).
  std::string salt;
};

struct EvidenceRevision {
  std::int64_t revision = 0;
  // Nothing when the text is erased, or kept from whom the file was made for.
  std::optional<std::string> body;
  // kSaltBytes, beside a body that has a commitment; else empty.
  std::string salt;
  EvidencePerson editor;
  absl::Time time;
  bool erased = false;
};

struct EvidenceRemoval {
  absl::Time time;
  EvidencePerson actor;
  std::string reason;
};

struct EvidenceComment {
  std::string comment_id;
  std::int64_t sequence = 0;
  absl::Time create_time;
  std::optional<EvidenceRemoval> removal;
  // Oldest first.
  std::vector<EvidenceRevision> revisions;
};

// Of a thread that was resolved or reopened at least once.
struct EvidenceState {
  bool resolved = false;
  absl::Time time;
  EvidencePerson actor;
};

struct EvidenceEntry {
  AuditEntry entry;
  std::string previous_hash;
  // A tlog-proof without its checkpoint.
  std::string proof;
};

struct Evidence {
  std::string invoice_id;
  // Nothing: open, and never anything else.
  std::optional<EvidenceState> state;
  // By sequence.
  std::vector<EvidenceComment> comments;
  // By number.
  std::vector<EvidenceEntry> entries;
  // A signed note.
  std::string checkpoint;
};

// Always the same bytes for the same evidence.
std::string WriteEvidence(const Evidence& evidence);

// DATA_LOSS, with what is wrong with it, when `text` is not what WriteEvidence writes, byte for
// byte: nothing stands in it that is not read.
absl::StatusOr<Evidence> ReadEvidence(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_EVIDENCE_H_
