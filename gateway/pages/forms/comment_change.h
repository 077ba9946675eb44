// A change of a comment that is being written: what the form of its page holds, and the words for
// why it was not made. Plain values and pure functions.
#ifndef MARGINALIA_GATEWAY_PAGES_FORMS_COMMENT_CHANGE_H_
#define MARGINALIA_GATEWAY_PAGES_FORMS_COMMENT_CHANGE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "marginalia/comments/v1/comment.pb.h"

namespace marginalia {

struct CommentChange {
  enum class Kind { kEdit, kRemove };

  Kind kind = Kind::kEdit;
  // Of the comment as its page showed it.
  std::string etag;
  // Sent twice under it, the form changes the comment once.
  std::string change_id;
  // What it is to say, or why it is taken away.
  std::string text;
  // Why it was not made, for whoever wanted it; empty when it was not tried.
  std::string error;
  // Whether it can be made no more: a text can only be posted anew.
  bool is_over = false;
};

// One of the comment as it is, under an id of its own.
CommentChange NewChange(CommentChange::Kind kind, const comments::v1::Comment& comment);

// What a browser sends of the form. Errors: INVALID_ARGUMENT, naming the field.
absl::StatusOr<CommentChange> ChangeFromForm(CommentChange::Kind kind, std::string_view form);

// Takes note of why it was not made: `current` is the comment as it is by now, or null when that
// could not be had. To send the form again then replaces what it says there.
void Refuse(CommentChange& change, const absl::Status& failure,
            const comments::v1::Comment* current);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FORMS_COMMENT_CHANGE_H_
