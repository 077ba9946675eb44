#include "comments-service/thread/comment_writer.h"

#include <utility>

#include "comments-service/readers/mention_store.h"
#include "comments-service/record/commitment.h"
#include "comments-service/thread/mentions.h"
#include "comments-service/thread/store/change_store.h"
#include "comments-service/thread/store/revision_store.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "comments-service/thread/wire/erased_event.h"
#include "comments-service/thread/wire/event_stub.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

MentioningComment WhereStands(const Provenance& provenance, const Comment& comment,
                              std::int64_t position) {
  return {.org_id = provenance.org_id,
          .position = position,
          .invoice_id = comment.invoice_id,
          .sequence = comment.sequence};
}

}  // namespace

void CommentWriter::Expect(std::string_view org_id, std::string_view invoice_id,
                           std::string_view comment_id) {
  audit_.Expect(org_id);
  expected_threads_.push_back({std::string(org_id), std::string(invoice_id)});
  expected_ids_.push_back({std::string(org_id), std::string(comment_id)});
}

void CommentWriter::ExpectChange(std::string_view org_id, std::string_view invoice_id) {
  audit_.Expect(org_id);
  expected_threads_.push_back({std::string(org_id), std::string(invoice_id)});
}

void CommentWriter::Begin(Connection& connection) {
  if (events_.has_other_writers() || threads_.size() > kThreadHeadsMax) threads_.clear();
  free_ids_.clear();
  taken_ids_.clear();
  if (!expected_threads_.empty()) AskForExpected(connection);
}

void CommentWriter::RolledBack() {
  threads_.clear();
  authors_.Forget();
  // What was expected may not even have been read: the next attempt says it again.
  expected_threads_.clear();
  expected_ids_.clear();
  free_ids_.clear();
  taken_ids_.clear();
}

bool CommentWriter::IsFree(std::string_view org_id, std::string_view comment_id) const {
  return !free_ids_.empty() && free_ids_.contains(TenantKey(org_id, comment_id));
}

void CommentWriter::AskForExpected(Connection& connection) {
  const TenantScope all(connection, Tenants::All());
  std::vector<TenantThread> threads;
  for (TenantThread& thread : expected_threads_) {
    // A thread without a comment has no row to be found.
    if (threads_.try_emplace(TenantKey(thread.org_id, thread.invoice_id)).second) {
      threads.push_back(std::move(thread));
    }
  }
  expected_threads_.clear();
  AskForThreads(connection, threads, [this](const TenantThread& key, Thread thread) {
    threads_[TenantKey(key.org_id, key.invoice_id)] = std::move(thread);
  });
  std::vector<TenantCommentId> ids = std::exchange(expected_ids_, {});
  std::vector<std::string> keys;
  for (const TenantCommentId& id : ids) keys.push_back(TenantKey(id.org_id, id.comment_id));
  AskForTakenIds(connection, ids,
                 [this, keys = std::move(keys)](const std::vector<std::size_t>& taken) {
                   free_ids_.insert(keys.begin(), keys.end());
                   for (const std::size_t index : taken) {
                     free_ids_.erase(keys[index]);
                     taken_ids_.insert(keys[index]);
                   }
                 });
}

bool CommentWriter::Claim(Connection& connection, std::string_view org_id,
                          std::string_view comment_id) {
  const std::int64_t position = events_.next_position();
  std::string key = events_.has_other_writers() ? TenantKey(org_id, comment_id) : std::string();
  if (taken_ids_.contains(key)) return false;
  const auto free = free_ids_.find(key);
  if (free == free_ids_.end()) return ClaimCommentId(connection, org_id, comment_id, position);
  free_ids_.erase(free);
  taken_ids_.insert(std::move(key));
  InsertCommentId(connection, org_id, comment_id, position);
  return true;
}

Thread& CommentWriter::MutableThread(Connection& connection, std::string_view org_id,
                                     std::string_view invoice_id) {
  std::string key = TenantKey(org_id, invoice_id);
  auto thread = threads_.find(key);
  if (thread == threads_.end()) {
    thread = threads_.emplace(std::move(key), ReadThread(connection, org_id, invoice_id)).first;
  }
  return thread->second;
}

const Thread& CommentWriter::ThreadOf(Connection& connection, std::string_view org_id,
                                      std::string_view invoice_id) {
  return MutableThread(connection, org_id, invoice_id);
}

std::optional<Receipt> CommentWriter::Add(Connection& connection, const Provenance& provenance,
                                          Comment& comment) {
  if (!Claim(connection, provenance.org_id, comment.comment_id)) return std::nullopt;
  const std::string body_salt = NewSalt();
  Place(connection, provenance, comment, body_salt);
  authors_.Learn(connection, provenance.org_id, comment.author);
  const CommentView view = ViewOf(comment);
  return Record(connection, provenance,
                {.entry = {.action = std::string(provenance.action),
                           .invoice_id = comment.invoice_id,
                           .comment_id = comment.comment_id,
                           .revision = comment.revision,
                           .content_commitment = Commitment(body_salt, comment.body),
                           .create_time = comment.create_time},
                 .name = comment.author.display_name,
                 .kind = EventKind::kCommentAdded,
                 .comment = &view},
                ThreadOf(connection, provenance.org_id, comment.invoice_id));
}

void CommentWriter::Place(Connection& connection, const Provenance& provenance, Comment& comment,
                          std::string_view body_salt) {
  Thread& thread = MutableThread(connection, provenance.org_id, comment.invoice_id);
  comment.sequence = thread.place_count + 1;
  InsertComment(connection, provenance.org_id, comment, events_.next_position(), body_salt);
  InsertMentions(connection, WhereStands(provenance, comment, events_.next_position()),
                 MentionedUsers(comment.mentions));
  if (comment.sequence == 1) InsertThread(connection, provenance.org_id, comment.invoice_id);
  thread.place_count = comment.sequence;
  thread.last_comment_time = comment.create_time;
  thread.last_author_name = comment.author.display_name;
}

void CommentWriter::Mention(Connection& connection, const Provenance& provenance,
                            StoredComment& stored, std::string_view mentions) {
  Comment& comment = stored.comment;
  if (comment.mentions == mentions) return;
  const MentioningComment place = WhereStands(provenance, comment, stored.position);
  DeleteMentions(connection, place, MentionedUsers(comment.mentions));
  InsertMentions(connection, place, MentionedUsers(mentions));
  comment.mentions = mentions;
}

const Thread& CommentWriter::StoreChanged(Connection& connection, const Provenance& provenance,
                                          std::string_view invoice_id, std::int64_t removed) {
  Thread& thread = MutableThread(connection, provenance.org_id, invoice_id);
  ++thread.change_count;
  thread.removed_count += removed;
  StoreThread(connection, provenance.org_id, invoice_id, thread);
  return thread;
}

Receipt CommentWriter::Edit(Connection& connection, const Provenance& provenance,
                            StoredComment& stored, std::string_view body, std::string_view mentions,
                            std::string_view change_id) {
  Comment& comment = stored.comment;
  const std::int64_t position = events_.next_position();
  const std::string salt = NewSalt();
  KeepCurrentRevision(connection, provenance.org_id, stored.position);
  const absl::Time before = comment.edit_time.value_or(comment.create_time);
  comment.edit_time = CreateTimeAfter(before, provenance.time);
  comment.body = body;
  Mention(connection, provenance, stored, mentions);
  ++comment.revision;
  InsertRevision(connection, provenance.org_id, stored.position,
                 {.revision = comment.revision,
                  .body = comment.body,
                  .editor = provenance.actor,
                  .time = *comment.edit_time,
                  .mentions = comment.mentions},
                 salt, position);
  UpdateComment(connection, provenance.org_id, stored.position, comment, salt, position);
  if (!change_id.empty()) InsertChangeId(connection, provenance.org_id, change_id, position, 0);
  const Thread& thread = StoreChanged(connection, provenance, comment.invoice_id, 0);
  const CommentView view = ViewOf(comment);
  return Record(connection, provenance,
                {.entry = {.action = std::string(kActionEdited),
                           .invoice_id = comment.invoice_id,
                           .comment_id = comment.comment_id,
                           .revision = comment.revision,
                           .content_commitment = Commitment(salt, comment.body),
                           .create_time = *comment.edit_time},
                 .name = provenance.actor.display_name,
                 .kind = EventKind::kCommentEdited,
                 .comment = &view},
                thread);
}

Receipt CommentWriter::Remove(Connection& connection, const Provenance& provenance,
                              StoredComment& stored, std::string_view reason,
                              std::string_view change_id) {
  Comment& comment = stored.comment;
  const std::int64_t position = events_.next_position();
  KeepCurrentRevision(connection, provenance.org_id, stored.position);
  const absl::Time before = comment.edit_time.value_or(comment.create_time);
  comment.removal = Removal{.time = CreateTimeAfter(before, provenance.time),
                            .actor = provenance.actor,
                            .reason = std::string(reason)};
  comment.body.clear();
  Mention(connection, provenance, stored, "");
  UpdateComment(connection, provenance.org_id, stored.position, comment, "", position);
  if (!change_id.empty()) InsertChangeId(connection, provenance.org_id, change_id, position, 0);
  const Thread& thread = StoreChanged(connection, provenance, comment.invoice_id, 1);
  const CommentView view = ViewOf(comment);
  return Record(connection, provenance,
                {.entry = {.action = std::string(kActionRemoved),
                           .invoice_id = comment.invoice_id,
                           .comment_id = comment.comment_id,
                           .revision = comment.revision,
                           .reason = std::string(reason),
                           .create_time = comment.removal->time},
                 .name = provenance.actor.display_name,
                 .kind = EventKind::kCommentRemoved,
                 .comment = &view},
                thread);
}

Receipt CommentWriter::Erase(Connection& connection, const Provenance& provenance,
                             StoredComment& stored, std::string_view reason,
                             std::string_view change_id) {
  Comment& comment = stored.comment;
  const std::int64_t position = events_.next_position();
  const bool shown = !comment.removal.has_value();
  const absl::Time time = CreateTimeAfter(
      shown ? comment.edit_time.value_or(comment.create_time) : comment.removal->time,
      provenance.time);
  if (shown) {
    comment.removal =
        Removal{.time = time, .actor = provenance.actor, .reason = std::string(reason)};
  }
  comment.body.clear();
  Mention(connection, provenance, stored, "");
  comment.erased = true;
  UpdateComment(connection, provenance.org_id, stored.position, comment, "", position);
  // Behind the update, so that of one that never changed no text is kept.
  KeepCurrentRevision(connection, provenance.org_id, stored.position);
  EraseRevisions(connection, provenance.org_id, stored.position);
  for (const std::int64_t event : RevisionEvents(connection, provenance.org_id, stored.position)) {
    events_.Rewrite(connection, event, WithoutText);
  }
  if (!change_id.empty()) InsertChangeId(connection, provenance.org_id, change_id, position, 0);
  const Thread& thread = StoreChanged(connection, provenance, comment.invoice_id, shown ? 1 : 0);
  const CommentView view = ViewOf(comment);
  return Record(connection, provenance,
                {.entry = {.action = std::string(kActionErased),
                           .invoice_id = comment.invoice_id,
                           .comment_id = comment.comment_id,
                           .revision = comment.revision,
                           .reason = std::string(reason),
                           .create_time = time},
                 .name = provenance.actor.display_name,
                 .kind = EventKind::kCommentErased,
                 .comment = &view},
                thread);
}

Receipt CommentWriter::Settle(Connection& connection, const Provenance& provenance,
                              std::string_view invoice_id, bool resolved,
                              std::string_view change_id, std::int64_t comment_position) {
  const std::int64_t position = events_.next_position();
  Thread& state = MutableThread(connection, provenance.org_id, invoice_id);
  state.resolved = resolved;
  state.state_time = CreateTimeAfter(state.state_time, provenance.time);
  state.state_actor = provenance.actor;
  if (!change_id.empty()) {
    InsertChangeId(connection, provenance.org_id, change_id, position, comment_position);
  }
  const Thread& thread = StoreChanged(connection, provenance, invoice_id, 0);
  return Record(connection, provenance,
                {.entry = {.action = std::string(resolved ? kActionResolved : kActionReopened),
                           .invoice_id = std::string(invoice_id),
                           .create_time = thread.state_time},
                 .name = provenance.actor.display_name,
                 .kind = resolved ? EventKind::kThreadResolved : EventKind::kThreadReopened},
                thread);
}

// Whether the comment's row says all that a short entry leaves out.
bool CommentWriter::IsInItsRow(const AuditEntry& entry, const LoggedChange& change) {
  if (entry.action != kActionAdded) return false;
  const CommentView& comment = *change.comment;
  return entry.actor_id == comment.author_id && entry.actor_name == comment.author_name &&
         change.name == comment.author_name && entry.invoice_id == comment.invoice_id &&
         entry.comment_id == comment.comment_id &&
         absl::ToUnixMicros(entry.create_time) == comment.create_micros;
}

Receipt CommentWriter::Record(Connection& connection, const Provenance& provenance,
                              LoggedChange change, const Thread& thread) {
  AuditEntry& entry = change.entry;
  entry.position = events_.next_position();
  entry.org_id = provenance.org_id;
  entry.actor_id = provenance.actor.user_id;
  entry.actor_name = provenance.actor.display_name;
  entry.request_id = provenance.request_id;
  entry.create_time = absl::FromUnixMicros(absl::ToUnixMicros(entry.create_time));
  audit_.Append(connection, entry, change.name, events_.stores_stubs() && IsInItsRow(entry, change),
                change.reason_salt);
  const EventView event{.kind = change.kind,
                        .position = entry.position,
                        .number = entry.number,
                        .org_id = provenance.org_id,
                        .event_micros = absl::ToUnixMicros(provenance.time),
                        .invoice_id = entry.invoice_id,
                        .thread = thread,
                        .comment = change.comment};
  events_.Append(
      connection, provenance.org_id, entry.invoice_id, provenance.time,
      [&event](std::int64_t) { return EncodeEvent(event); },
      events_.stores_stubs() ? EventStub(event) : "");
  const bool changes = change.kind != EventKind::kCommentAdded && change.comment != nullptr;
  pages_.Touch(provenance.org_id, entry.invoice_id, changes ? change.comment->sequence : 0,
               change.kind == EventKind::kCommentErased);
  return {.position = entry.position, .number = entry.number, .audit_hash = std::move(entry.hash)};
}

}  // namespace marginalia
