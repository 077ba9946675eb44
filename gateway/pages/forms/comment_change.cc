#include "gateway/pages/forms/comment_change.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/form_fields.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_response.h"
#include "services/errors/errors.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using Kind = CommentChange::Kind;

std::string RemovedText(const Comment& current) {
  const auto& actor = current.removal().actor();
  return absl::StrCat(std::string(ShownName(actor.display_name(), actor.user_id())),
                      " has removed this comment meanwhile. Your text is still here.");
}

std::string FieldsText(const absl::Status& failure) {
  std::string text;
  for (const FieldViolation& violation : FieldViolationsOf(failure)) {
    if (!text.empty()) text += ' ';
    text += violation.field == "body"     ? "The comment"
            : violation.field == "reason" ? "The reason"
                                          : "The field " + violation.field;
    text += " " + violation.description + ".";
  }
  return text;
}

std::string ErrorText(const absl::Status& failure, Kind kind, const Comment* current) {
  const std::string reason = ReasonOf(failure);
  if (kind == Kind::kEdit && current != nullptr && current->has_removal()) {
    return RemovedText(*current);
  }
  if (reason == "ETAG_MISMATCH") {
    return kind == Kind::kEdit
               ? "This comment was changed meanwhile: below is what it says now. Save to replace "
                 "that with your text."
               : "This comment was changed meanwhile: below is what it says now. Remove it if you "
                 "still want to.";
  }
  if (reason == "EDIT_WINDOW_OVER") {
    return kind == Kind::kEdit
               ? "The time in which it could be changed is over. Your text is still here: post it "
                 "as a new comment instead."
               : "The time in which you could remove it is over. Ask an admin to remove it.";
  }
  if (reason == "COMMENT_REMOVED") {
    return "This comment was removed meanwhile. Your text is still here.";
  }
  std::string fields = FieldsText(failure);
  if (!fields.empty()) return fields;
  if (reason == "CHANGE_ID_REUSED") {
    return "This form was sent before, with another text. Look at what the comment says; if it is "
           "not yours, send it again.";
  }
  return absl::StrCat("This was not done: ", failure.message(),
                      ". What you wrote is still here; send it again.");
}

}  // namespace

CommentChange NewChange(Kind kind, const Comment& comment) {
  CommentChange change{.kind = kind, .etag = comment.etag(), .change_id = NewUuid(absl::Now())};
  if (kind == Kind::kEdit) change.text = comment.body();
  return change;
}

absl::StatusOr<CommentChange> ChangeFromForm(Kind kind, std::string_view form) {
  auto etag = FormField(form, "etag");
  if (!etag.ok()) return etag.status();
  auto change_id = FormField(form, "change_id");
  if (!change_id.ok()) return change_id.status();
  auto text = FormField(form, kind == Kind::kEdit ? "body" : "reason");
  if (!text.ok()) return text.status();
  return CommentChange{.kind = kind,
                       .etag = *std::move(etag),
                       .change_id = *std::move(change_id),
                       .text = *std::move(text)};
}

void Refuse(CommentChange& change, const absl::Status& failure, const Comment* current) {
  change.error = ErrorText(failure, change.kind, current);
  const std::string reason = ReasonOf(failure);
  const bool is_removed = current != nullptr && current->has_removal();
  change.is_over = is_removed || reason == "EDIT_WINDOW_OVER" || reason == "COMMENT_REMOVED";
  if (reason == "ETAG_MISMATCH" && current != nullptr) change.etag = current->etag();
  // A change that was refused left nothing under its id, but one that is taken or none stays so.
  if (reason == "CHANGE_ID_REUSED" || change.change_id.empty() || IsAbout(failure, "changeId")) {
    change.change_id = NewUuid(absl::Now());
  }
}

}  // namespace marginalia
