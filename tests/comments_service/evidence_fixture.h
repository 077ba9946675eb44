// A service whose checkpoints are signed, and evidence files of its threads.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_EVIDENCE_FIXTURE_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_EVIDENCE_FIXTURE_H_

#include <string>

#include "absl/time/time.h"
#include "comments-service/evidence/evidence_exports.h"
#include "comments-service/record/checkpoint.h"
#include "comments-service/record/evidence_check.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

class EvidenceFixture : public ServiceTest {
 protected:
  static constexpr char kThread[] = "INV-1042";

  void SetUp() override;
  void StartAnew(absl::Duration taken_max = kEvidenceTakenMax);

  VerifierKey key() const { return key_.Verifier(kCheckpointKeyName); }

  std::string FileFor(const Client& client, const std::string& invoice_id = kThread);
  // Verifies it here and by the book.
  EvidenceVerdict Verified(const std::string& file);
  // More than all buffers between server and client hold.
  void PostLong(const std::string& org, const std::string& invoice_id);

  const SigningKey key_ = SigningKey::Make();
  const TempDir directory_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_EVIDENCE_FIXTURE_H_
