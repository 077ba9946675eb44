// A comment that is being written: what the form of the invoice page holds. A plain value.
#ifndef MARGINALIA_GATEWAY_PAGES_FORMS_COMMENT_DRAFT_H_
#define MARGINALIA_GATEWAY_PAGES_FORMS_COMMENT_DRAFT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace marginalia {

struct CommentDraft {
  // The id that the comment will have, so that to send the form twice adds one comment.
  std::string comment_id;
  std::string body;
  // Why it was not posted, for its author to read; empty when it was not tried.
  std::string error;
};

// An empty one under an id of its own (UUID version 4).
CommentDraft NewDraft();

// What a browser sends of the form. Errors: INVALID_ARGUMENT, naming the field.
absl::StatusOr<CommentDraft> DraftFromForm(std::string_view form);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FORMS_COMMENT_DRAFT_H_
