#include "gateway/pages/forms/comment_draft.h"

#include <utility>

#include "gateway/http/form_fields.h"
#include "services/text/uuid.h"

namespace marginalia {
CommentDraft NewDraft() { return {NewUuid(absl::Now()), "", ""}; }

absl::StatusOr<CommentDraft> DraftFromForm(std::string_view form) {
  auto comment_id = FormField(form, "comment_id");
  if (!comment_id.ok()) return comment_id.status();
  auto body = FormField(form, "body");
  if (!body.ok()) return body.status();
  return CommentDraft{*std::move(comment_id), *std::move(body), ""};
}

}  // namespace marginalia
