#include "comments-service/thread/comment_lookup.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace marginalia {

absl::StatusOr<StoredComment> LookUpComment(Connection& connection, std::string_view org_id,
                                            std::string_view invoice_id,
                                            std::string_view comment_id, std::string_view field) {
  std::optional<StoredComment> stored = FindComment(connection, org_id, comment_id);
  if (stored && stored->comment.invoice_id == invoice_id) return *std::move(stored);
  return Refusal(absl::StatusCode::kNotFound, "COMMENT_NOT_FOUND",
                 absl::StrCat("the invoice has no such comment: check ", std::string(field)));
}

absl::Status CommentIdReused(ErrorMetadata metadata) {
  return Refusal(absl::StatusCode::kAlreadyExists, "COMMENT_ID_REUSED",
                 "this comment_id already belongs to another comment: choose a new one",
                 std::move(metadata));
}

}  // namespace marginalia
