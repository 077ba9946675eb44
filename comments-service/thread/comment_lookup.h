// Finds a comment where a caller says that it is, and refuses an id that is another one's.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_LOOKUP_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_LOOKUP_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "comments-service/thread/store/comment_store.h"
#include "services/errors/errors.h"

namespace marginalia {

// The comment of this invoice. Errors: COMMENT_NOT_FOUND, also of one that is another invoice's;
// `field` is what the caller should check then.
absl::StatusOr<StoredComment> LookUpComment(Connection& connection, std::string_view org_id,
                                            std::string_view invoice_id,
                                            std::string_view comment_id,
                                            std::string_view field = "comment_id");

// COMMENT_ID_REUSED: what was to be added under it is not what there is.
absl::Status CommentIdReused(ErrorMetadata metadata = {});

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_LOOKUP_H_
