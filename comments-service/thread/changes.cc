#include "comments-service/thread/changes.h"

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/thread/comment_lookup.h"
#include "comments-service/thread/mentions.h"
#include "comments-service/thread/store/revision_store.h"
#include "services/errors/errors.h"

namespace marginalia {

struct Changes::EditRun : ChangeRun<NewEdit, EditedComment> {
  std::string mentions;  // the request's, as Comment::mentions
};
struct Changes::RemovalRun : ChangeRun<NewRemoval, RemovedComment> {
  bool by_admin = false;
};
struct Changes::ErasureRun : ChangeRun<NewErasure, ErasedComment> {};

namespace {

// Of one comment: an erasing rewrites all of them, and the events that told of them, while the
// writes of everybody else wait.
constexpr std::int64_t kRevisionsMax = 1000;

absl::Status NotTheAuthor() {
  return Refusal(absl::StatusCode::kPermissionDenied, "NOT_THE_AUTHOR",
                 "only its author may edit a comment, and only its author or an admin remove it");
}

absl::Status CommentRemoved() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "COMMENT_REMOVED",
                 "the comment has been removed: it cannot be edited any more");
}

absl::Status TooManyEdits() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "TOO_MANY_EDITS",
                 absl::StrCat("the comment has ", kRevisionsMax,
                              " revisions, and none has more: write a new comment"),
                 {{"revisions_max", absl::StrCat(kRevisionsMax)}});
}

// Whether the comment at `position` said this in this revision; what is erased may have.
bool Said(Connection& connection, std::string_view org_id, std::int64_t position,
          std::int64_t revision, std::string_view body, std::string_view mentions) {
  const std::optional<Revision> kept = FindRevision(connection, org_id, position, revision);
  return kept.has_value() && (kept->erased || (kept->body == body && kept->mentions == mentions));
}

// What was changed before under this change_id; nothing when there is none, or nothing was. Errors:
// CHANGE_ID_REUSED unless that was of this action, by this actor, of this thread and comment, and
// `says_the_same`.
template <class Run>
absl::StatusOr<std::optional<StoredChange>> FindRepeated(
    Connection& connection, const Run& run, std::string_view action, std::string_view comment_id,
    absl::FunctionRef<bool(const StoredChange&)> says_the_same) {
  const ChangeRequest& request = run.request;
  std::optional<StoredChange> change;
  if (!request.change_id.empty()) {
    change = FindChange(connection, run.provenance.org_id, request.change_id);
  }
  if (!change) return change;
  const bool same = change->action == action && change->actor_id == run.provenance.actor.user_id &&
                    change->invoice_id == request.invoice_id && change->comment_id == comment_id;
  if (!same || !says_the_same(*change)) return ChangeIdReused();
  return change;
}

// What a write leaves: the comment as it is now, and the receipt of what made it so.
template <class Run>
absl::Status Changed(Run& run, Receipt receipt, StoredComment& stored) {
  run.result.receipt = std::move(receipt);
  run.result.comment = std::move(stored.comment);
  return absl::OkStatus();
}

// The same of a comment that was so already.
template <class Run>
absl::Status Replayed(Run& run, Receipt receipt, StoredComment& stored) {
  run.result.replayed = true;
  return Changed(run, std::move(receipt), stored);
}

}  // namespace

absl::Status Changes::CheckWindow(const Comment& comment, absl::Time now) const {
  const absl::Time end = comment.create_time + edit_window_;
  if (edit_window_ > absl::ZeroDuration() && now <= end) return absl::OkStatus();
  return Refusal(
      absl::StatusCode::kFailedPrecondition, "EDIT_WINDOW_OVER",
      "the time in which an author may change a comment is over",
      {{"edit_window_end", absl::FormatTime(absl::RFC3339_full, end, absl::UTCTimeZone())}});
}

void Changes::Edit(const CallContext& call, NewEdit request, Answer<EditedComment> answer) {
  absl::Status checked = CanonicalizeCommentId(request.comment_id);
  if (checked.ok()) checked = InField("body", CheckBody(request.body));
  if (checked.ok() && request.etag.empty()) checked = InvalidField("etag", "is required");
  if (checked.ok()) checked = CheckChangeId(request.change_id);
  absl::StatusOr<std::string> mentions = MentionsOf("mentions", request.mentions);
  if (checked.ok()) checked = mentions.status();
  if (!checked.ok()) return answer(checked);
  auto run = std::make_shared<EditRun>();
  run->request = std::move(request);
  run->mentions = *std::move(mentions);
  change_writes_.Submit<EditRun>(
      call, std::move(run),
      [this](Connection& connection, EditRun& change) { return Write(connection, change); },
      std::move(answer));
}

absl::Status Changes::Write(Connection& connection, EditRun& run) {
  const NewEdit& request = run.request;
  const Provenance& provenance = run.provenance;
  absl::StatusOr<StoredComment> stored =
      LookUpComment(connection, provenance.org_id, request.invoice_id, request.comment_id);
  if (!stored.ok()) return stored.status();
  const Comment& comment = stored->comment;
  const auto repeated = FindRepeated(connection, run, kActionEdited, request.comment_id,
                                     [&](const StoredChange& change) {
                                       return Said(connection, provenance.org_id, stored->position,
                                                   change.revision, request.body, run.mentions);
                                     });
  if (!repeated.ok()) return repeated.status();
  if (*repeated) return Replayed(run, ReceiptOf(**repeated), *stored);
  if (comment.author.user_id != provenance.actor.user_id) return NotTheAuthor();
  if (comment.removal) return CommentRemoved();
  if (comment.body == request.body && comment.mentions == run.mentions) {
    return Replayed(run, ReceiptOf(connection, provenance.org_id, *stored), *stored);
  }
  if (request.etag != EtagOf(comment)) return EtagMismatch("comment", EtagOf(comment));
  if (absl::Status open = CheckWindow(comment, provenance.time); !open.ok()) return open;
  if (comment.revision >= kRevisionsMax) return TooManyEdits();
  Receipt receipt =
      writer_.Edit(connection, provenance, *stored, request.body, run.mentions, request.change_id);
  return Changed(run, std::move(receipt), *stored);
}

void Changes::Remove(const CallContext& call, NewRemoval request, Answer<RemovedComment> answer) {
  absl::Status checked = CanonicalizeCommentId(request.comment_id);
  if (checked.ok()) checked = InField("reason", CheckReason(request.reason));
  if (checked.ok()) checked = CheckChangeId(request.change_id);
  if (!checked.ok()) return answer(checked);
  auto run = std::make_shared<RemovalRun>();
  run->request = std::move(request);
  run->by_admin = call.caller.role == Role::kAdmin;
  change_writes_.Submit<RemovalRun>(
      call, std::move(run),
      [this](Connection& connection, RemovalRun& change) { return Write(connection, change); },
      std::move(answer));
}

absl::Status Changes::Write(Connection& connection, RemovalRun& run) {
  const NewRemoval& request = run.request;
  const Provenance& provenance = run.provenance;
  absl::StatusOr<StoredComment> stored =
      LookUpComment(connection, provenance.org_id, request.invoice_id, request.comment_id);
  if (!stored.ok()) return stored.status();
  const Comment& comment = stored->comment;
  const auto repeated =
      FindRepeated(connection, run, kActionRemoved, request.comment_id,
                   [&](const StoredChange& change) { return change.reason == request.reason; });
  if (!repeated.ok()) return repeated.status();
  if (*repeated) return Replayed(run, ReceiptOf(**repeated), *stored);
  const bool own = comment.author.user_id == provenance.actor.user_id;
  if (!own && !run.by_admin) return NotTheAuthor();
  if (comment.removal) {
    return Replayed(run, ReceiptOf(connection, provenance.org_id, *stored), *stored);
  }
  if (!request.etag.empty() && request.etag != EtagOf(comment)) {
    return EtagMismatch("comment", EtagOf(comment));
  }
  if (!run.by_admin) {
    if (absl::Status open = CheckWindow(comment, provenance.time); !open.ok()) return open;
  }
  Receipt receipt =
      writer_.Remove(connection, provenance, *stored, request.reason, request.change_id);
  return Changed(run, std::move(receipt), *stored);
}

void Changes::Erase(const CallContext& call, NewErasure request, Answer<ErasedComment> answer) {
  absl::Status checked = CanonicalizeCommentId(request.comment_id);
  if (checked.ok() && request.reason.empty()) checked = InvalidField("reason", "is required");
  if (checked.ok()) checked = InField("reason", CheckReason(request.reason));
  if (checked.ok()) checked = CheckChangeId(request.change_id);
  if (!checked.ok()) return answer(checked);
  // Also of one that was erased before: whoever did it may have been killed before the log was
  // empty.
  Answer<ErasedComment> written = [this, deadline = call.deadline, answer = std::move(answer)](
                                      absl::StatusOr<ErasedComment> erased) mutable {
    if (!erased.ok()) return answer(erased.status());
    writes_.EmptyLogThen(deadline, [erased = *std::move(erased), answer = std::move(answer)](
                                       const absl::Status& emptied) mutable {
      if (!emptied.ok()) return answer(emptied);
      answer(std::move(erased));
    });
  };
  auto run = std::make_shared<ErasureRun>();
  run->request = std::move(request);
  change_writes_.Submit<ErasureRun>(
      call, std::move(run),
      [this](Connection& connection, ErasureRun& change) { return Write(connection, change); },
      std::move(written));
}

absl::Status Changes::Write(Connection& connection, ErasureRun& run) {
  const NewErasure& request = run.request;
  const Provenance& provenance = run.provenance;
  absl::StatusOr<StoredComment> stored =
      LookUpComment(connection, provenance.org_id, request.invoice_id, request.comment_id);
  if (!stored.ok()) return stored.status();
  const auto repeated =
      FindRepeated(connection, run, kActionErased, request.comment_id,
                   [&](const StoredChange& change) { return change.reason == request.reason; });
  if (!repeated.ok()) return repeated.status();
  if (*repeated) return Replayed(run, ReceiptOf(**repeated), *stored);
  if (stored->comment.erased) {
    return Replayed(run, ReceiptOf(connection, provenance.org_id, *stored), *stored);
  }
  Receipt receipt =
      writer_.Erase(connection, provenance, *stored, request.reason, request.change_id);
  return Changed(run, std::move(receipt), *stored);
}

}  // namespace marginalia
