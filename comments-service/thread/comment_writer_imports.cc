// Of CommentWriter, what brings a thread from another system.
#include <stdexcept>
#include <utility>

#include "comments-service/record/commitment.h"
#include "comments-service/thread/comment_writer.h"
#include "comments-service/thread/store/change_store.h"
#include "comments-service/thread/store/revision_store.h"

namespace marginalia {

ImportedOrigin OriginOf(const Comment& imported, RecordedName remover_name) {
  ImportedOrigin origin{.author_id = imported.author.user_id,
                        .create_time = imported.create_time,
                        .edit_time = imported.edit_time};
  if (imported.removal) {
    origin.removal = ImportedRemoval{.time = imported.removal->time,
                                     .actor_id = imported.removal->actor.user_id,
                                     .actor_name = std::move(remover_name),
                                     .reason = imported.removal->reason};
  }
  return origin;
}

std::int64_t CommentWriter::Import(Connection& connection, const Provenance& provenance,
                                   std::string_view invoice_id,
                                   const std::vector<const Comment*>& comments,
                                   const std::optional<Closing>& closing) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  bool removed = false;
  bool erased = false;
  std::vector<const Author*> authors;
  authors.reserve(comments.size());
  for (const Comment* const comment : comments) {
    authors.push_back(&comment->author);
    last = ImportOne(connection, provenance, *comment);
    if (first == 0) first = last;
    removed = removed || comment->removal.has_value();
    erased = erased || comment->body.empty();
  }
  authors_.Learn(connection, provenance.org_id, authors);
  if (erased) MarkImportedErased(connection, provenance.org_id, first, last);
  if (closing) return ImportClosing(connection, provenance, invoice_id, *closing);
  if (removed) {
    StoreThread(connection, provenance.org_id, invoice_id,
                ThreadOf(connection, provenance.org_id, invoice_id));
  }
  return last;
}

std::int64_t CommentWriter::ImportOne(Connection& connection, const Provenance& provenance,
                                      Comment comment) {
  if (!Claim(connection, provenance.org_id, comment.comment_id)) {
    throw std::runtime_error("an unused comment id was taken");
  }
  const std::int64_t position = events_.next_position();
  const bool removed = comment.removal.has_value();
  const std::string text = removed ? std::exchange(comment.body, "") : comment.body;
  const std::string salt = text.empty() ? "" : NewSalt();
  comment.erased = text.empty();
  Place(connection, provenance, comment, removed ? "" : salt);
  if (removed) {
    // As of one that was removed here: the row says nothing any more, its revision does.
    ++MutableThread(connection, provenance.org_id, comment.invoice_id).removed_count;
    InsertRevision(connection, provenance.org_id, position,
                   {.revision = comment.revision,
                    .body = text,
                    .editor = comment.author,
                    .time = comment.edit_time.value_or(comment.create_time),
                    .erased = comment.erased},
                   salt, position);
  }
  RecordedName remover;
  if (removed) remover = RecordedName::CommittedTo(comment.removal->actor.display_name, NewSalt());
  const CommentView view = ViewOf(comment);
  return Record(connection, provenance,
                {.entry = {.action = std::string(kActionImported),
                           .invoice_id = comment.invoice_id,
                           .comment_id = comment.comment_id,
                           .revision = comment.revision,
                           .content_commitment = text.empty() ? "" : Commitment(salt, text),
                           .reason = ImportedReason(OriginOf(comment, remover)),
                           .create_time = provenance.time},
                 .name = comment.author.display_name,
                 .kind = EventKind::kCommentAdded,
                 .comment = &view,
                 .reason_salt = remover.salt},
                ThreadOf(connection, provenance.org_id, comment.invoice_id))
      .position;
}

std::int64_t CommentWriter::ImportClosing(Connection& connection, const Provenance& provenance,
                                          std::string_view invoice_id, const Closing& closing) {
  Thread& state = MutableThread(connection, provenance.org_id, invoice_id);
  state.resolved = true;
  state.state_time = closing.time;
  state.state_actor = closing.actor;
  const ImportedClosing recorded{
      .time = closing.time,
      .actor_id = closing.actor.user_id,
      .actor_name = RecordedName::CommittedTo(closing.actor.display_name, NewSalt())};
  const Thread& thread = StoreChanged(connection, provenance, invoice_id, 0);
  return Record(connection, provenance,
                {.entry = {.action = std::string(kActionResolved),
                           .invoice_id = std::string(invoice_id),
                           .reason = ImportedReason(recorded),
                           .create_time = provenance.time},
                 .name = provenance.actor.display_name,
                 .kind = EventKind::kThreadResolved,
                 .reason_salt = recorded.actor_name.salt},
                thread)
      .position;
}

}  // namespace marginalia
