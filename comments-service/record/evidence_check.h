// What an evidence file proves, and what in it does not hold. Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_EVIDENCE_CHECK_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_EVIDENCE_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "comments-service/record/checkpoint.h"
#include "comments-service/record/evidence.h"
#include "comments-service/record/signed_note.h"

namespace marginalia {

// Failures beyond this many are counted, not told.
inline constexpr std::size_t kEvidenceFailuresMax = 100;

struct EvidenceVerdict {
  // Zero when the checkpoint itself failed.
  Checkpoint checkpoint;
  // Entries whose hash and proof lead to the checkpoint.
  std::int64_t entries_proven = 0;
  // Texts that are what their entries committed to.
  std::int64_t texts_proven = 0;
  // Texts that are erased, as an entry says.
  std::int64_t texts_erased = 0;
  // Texts of removed comments that this file does not show.
  std::int64_t texts_withheld = 0;
  // Texts from before there were commitments: the record says who wrote when, not what.
  std::int64_t texts_uncovered = 0;
  // What fails, in plain words; empty when all holds.
  std::vector<std::string> failures;
  std::int64_t failure_count = 0;
};

// Checks signature, proofs, entries, and that comments, revisions, removals and the thread's state
// are just what the entries say. Whether the thread has later entries, or entries that the file
// leaves out, no file can tell.
EvidenceVerdict CheckEvidence(const Evidence& evidence, std::span<const VerifierKey> keys);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_EVIDENCE_CHECK_H_
