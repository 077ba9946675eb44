// The contract's messages of imports from the domain's values and back. Pure functions,
// thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_IMPORT_MESSAGES_H_
#define MARGINALIA_COMMENTS_SERVICE_IMPORT_MESSAGES_H_

#include "absl/status/statusor.h"
#include "comments-service/thread/imports.h"
#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {

// Errors: INVALID_FIELD of what a message can say and a comment cannot be.
absl::StatusOr<NewImport> NewImportOf(comments::v1::ImportCommentsRequest request);

comments::v1::ImportCommentsResponse MessageOf(const ImportOutcome& outcome);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_IMPORT_MESSAGES_H_
