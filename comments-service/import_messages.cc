#include "comments-service/import_messages.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/comment_messages.h"
#include "services/errors/errors.h"

namespace marginalia {

namespace v1 = comments::v1;

namespace {

// What had happened to an imported comment before.
absl::Status ReadChanges(v1::ImportedComment& item, const std::string& path, Comment& comment) {
  if (item.has_edit_time()) {
    const absl::StatusOr<absl::Time> time = TimeOf(item.edit_time(), path + "edit_time");
    if (!time.ok()) return time.status();
    comment.edit_time = *time;
  }
  if (!item.has_removal()) return absl::OkStatus();
  v1::Removal& removal = *item.mutable_removal();
  const std::string field = path + "removal.time";
  if (!removal.has_time()) return InvalidField(field, "is required");
  const absl::StatusOr<absl::Time> time = TimeOf(removal.time(), field);
  if (!time.ok()) return time.status();
  v1::Author& actor = *removal.mutable_actor();
  comment.removal = Removal{.time = *time,
                            .actor = {.user_id = std::move(*actor.mutable_user_id()),
                                      .display_name = std::move(*actor.mutable_display_name())},
                            .reason = std::move(*removal.mutable_reason())};
  return absl::OkStatus();
}

absl::Status ReadClosing(v1::ImportCommentsRequest& request, NewImport& import) {
  if (request.state() == v1::THREAD_STATE_UNSPECIFIED) {
    if (!request.has_state_time() && !request.has_state_actor()) return absl::OkStatus();
    return InvalidField("state", "is required where state_time or state_actor is given");
  }
  if (request.state() != v1::THREAD_STATE_RESOLVED) {
    return InvalidField("state",
                        "must be THREAD_STATE_RESOLVED, or left out: a thread begins open");
  }
  if (!request.has_state_time()) return InvalidField("state_time", "is required");
  const absl::StatusOr<absl::Time> time = TimeOf(request.state_time(), "state_time");
  if (!time.ok()) return time.status();
  v1::Author& actor = *request.mutable_state_actor();
  import.closing = Closing{.time = *time, .actor = {
                             .user_id = std::move(*actor.mutable_user_id()),
                             .display_name = std::move(*actor.mutable_display_name())
                           }};
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NewImport> NewImportOf(v1::ImportCommentsRequest request) {
  NewImport import{.invoice_id = std::move(*request.mutable_invoice_id())};
  import.comments.reserve(static_cast<std::size_t>(request.comments_size()));
  for (int i = 0; i < request.comments_size(); ++i) {
    v1::ImportedComment& item = *request.mutable_comments(i);
    const std::string field = absl::StrCat("comments[", i, "].create_time");
    if (!item.has_create_time()) return InvalidField(field, "is required");
    const absl::StatusOr<absl::Time> create_time = TimeOf(item.create_time(), field);
    if (!create_time.ok()) return create_time.status();
    Author author{.user_id = std::move(*item.mutable_author()->mutable_user_id()),
                  .display_name = std::move(*item.mutable_author()->mutable_display_name())};
    import.comments.push_back({.comment_id = std::move(*item.mutable_comment_id()),
                               .invoice_id = "",
                               .author = std::move(author),
                               .body = std::move(*item.mutable_body()),
                               .create_time = *create_time});
    const absl::Status changes =
        ReadChanges(item, absl::StrCat("comments[", i, "]."), import.comments.back());
    if (!changes.ok()) return changes;
  }
  const absl::Status closing = ReadClosing(request, import);
  if (!closing.ok()) return closing;
  return import;
}

v1::ImportCommentsResponse MessageOf(const ImportOutcome& outcome) {
  v1::ImportCommentsResponse message;
  message.set_imported_count(outcome.imported);
  message.set_replayed_count(outcome.replayed);
  message.set_consistency_token(outcome.consistency_token);
  return message;
}

}  // namespace marginalia
