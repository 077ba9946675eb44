// The contract's messages of the record: its entries, what its verification found, checkpoints and
// proofs. Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_MESSAGES_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_MESSAGES_H_

#include "absl/status/statusor.h"
#include "comments-service/audit/audit_listing.h"
#include "comments-service/audit/checkpoints.h"
#include "comments-service/verification/audit_verifier.h"
#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {

absl::StatusOr<AuditPageRequest> AuditPageRequestOf(
    const comments::v1::ListAuditEntriesRequest& request);

comments::v1::ListAuditEntriesResponse MessageOf(const AuditPage& page);
comments::v1::VerifyAuditLogResponse MessageOf(const AuditVerdict& verdict);
comments::v1::GetCheckpointResponse MessageOf(const SignedCheckpoint& checkpoint);
comments::v1::GetInclusionProofResponse MessageOf(const ProvenEntry& proven);
comments::v1::GetConsistencyProofResponse MessageOf(const ProvenGrowth& proven);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_MESSAGES_H_
