// Checkpoints and proofs as messages of the contract. Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_MESSAGES_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_MESSAGES_H_

#include "comments-service/audit/checkpoints.h"
#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {

comments::v1::GetCheckpointResponse MessageOf(const SignedCheckpoint& checkpoint);
comments::v1::GetInclusionProofResponse MessageOf(const ProvenEntry& proven);
comments::v1::GetConsistencyProofResponse MessageOf(const ProvenGrowth& proven);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_MESSAGES_H_
