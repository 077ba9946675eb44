// A thread's evidence, made of a small log in memory: with comments of both formats, edits, a
// removal, an erasure, an import and a resolution, among entries of other threads.
#ifndef MARGINALIA_TESTS_RECORD_EVIDENCE_UNDER_TEST_H_
#define MARGINALIA_TESTS_RECORD_EVIDENCE_UNDER_TEST_H_

#include <string>

#include "comments-service/record/evidence.h"
#include "comments-service/record/signed_note.h"

namespace marginalia {

struct EvidenceUnderTest {
  Evidence evidence;
  SigningKey key = SigningKey::Make();
  VerifierKey verifier() const;
};

// Of five comments: 1 of format 1; 2 edited once; 3 removed; 4 erased; 5 imported. Resolved, after
// it had been resolved and reopened. `shows_removed`: with the text of the removed comment.
EvidenceUnderTest MakeEvidence(bool shows_removed = true);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RECORD_EVIDENCE_UNDER_TEST_H_
