#include "comments-service/thread/changes.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/thread/mentions.h"
#include "comments-service/thread/store/change_store.h"
#include "comments-service/thread/store/comment_store.h"
#include "comments-service/thread/store/revision_store.h"
#include "services/errors/errors.h"
#include "services/text/uuid.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// A change under way: shared by the write, which may run more than once, and the answer.
template <class Request, class Result>
struct Changes::ChangeRun {
  Request request;
  Provenance provenance;
  Result result;
  std::int64_t seen = 0;  // the position that the answer includes
};
struct Changes::EditRun : ChangeRun<NewEdit, EditedComment> {
  std::string mentions;  // the request's, as Comment::mentions
};
struct Changes::RemovalRun : ChangeRun<NewRemoval, RemovedComment> {
  bool by_admin = false;
};
struct Changes::ErasureRun : ChangeRun<NewErasure, ErasedComment> {};
struct Changes::SettlementRun : ChangeRun<NewSettlement, SettledThread> {
  std::string mentions;  // of its words, as Comment::mentions
};

namespace {

// Of one comment: an erasing rewrites all of them, and the events that told of them, while the
// writes of everybody else wait.
constexpr std::int64_t kRevisionsMax = 1000;

absl::Status CommentNotFound() {
  return Refusal(absl::StatusCode::kNotFound, "COMMENT_NOT_FOUND",
                 "the invoice has no such comment: check comment_id");
}

absl::Status NotTheAuthor() {
  return Refusal(absl::StatusCode::kPermissionDenied, "NOT_THE_AUTHOR",
                 "only its author may edit a comment, and only its author or an admin remove it");
}

absl::Status CommentRemoved() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "COMMENT_REMOVED",
                 "the comment has been removed: it cannot be edited any more");
}

absl::Status EtagMismatch(std::string_view what, const std::string& current) {
  return Refusal(
      absl::StatusCode::kAborted, "ETAG_MISMATCH",
      absl::StrCat("the ", std::string(what), " has changed since: read it again and decide anew"),
      {{"etag", current}});
}

absl::Status TooManyEdits() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "TOO_MANY_EDITS",
                 absl::StrCat("the comment has ", kRevisionsMax,
                              " revisions, and none has more: write a new comment"),
                 {{"revisions_max", absl::StrCat(kRevisionsMax)}});
}

absl::Status ChangeIdReused() {
  return Refusal(absl::StatusCode::kAlreadyExists, "CHANGE_ID_REUSED",
                 "this change_id already belongs to another change: choose a new one");
}

absl::Status CommentIdReused() {
  return Refusal(absl::StatusCode::kAlreadyExists, "COMMENT_ID_REUSED",
                 "this comment_id already belongs to another comment: choose a new one");
}

absl::Status Canonicalize(std::string_view field, std::string& uuid) {
  absl::StatusOr<std::string> canonical = CanonicalCommentId(uuid);
  if (!canonical.ok()) return InField(field, canonical.status());
  uuid = *std::move(canonical);
  return absl::OkStatus();
}

absl::Status CheckChangeId(std::string& change_id) {
  return change_id.empty() ? absl::OkStatus() : Canonicalize("change_id", change_id);
}

Receipt ReceiptOf(const StoredChange& change) {
  return {.position = change.position, .number = change.number, .audit_hash = change.hash};
}

// Of the newest change of a comment, or of its adding.
Receipt ReceiptOf(Connection& connection, std::string_view org_id, const StoredComment& stored) {
  const std::int64_t position = std::max(stored.change_position, stored.position);
  AuditMark mark = ReadAuditMark(connection, org_id, position);
  return {.position = position, .number = mark.number, .audit_hash = std::move(mark.hash)};
}

// Whether the comment at `position` said this in this revision; what is erased may have.
bool Said(Connection& connection, std::string_view org_id, std::int64_t position,
          std::int64_t revision, std::string_view body, std::string_view mentions) {
  const std::optional<Revision> kept = FindRevision(connection, org_id, position, revision);
  return kept.has_value() && (kept->erased || (kept->body == body && kept->mentions == mentions));
}

// The comment that is to be changed. Errors: COMMENT_NOT_FOUND.
template <class Run>
absl::StatusOr<StoredComment> FindToChange(Connection& connection, const Run& run) {
  std::optional<StoredComment> stored =
      FindComment(connection, run.provenance.org_id, run.request.comment_id);
  if (!stored || stored->comment.invoice_id != run.request.invoice_id) return CommentNotFound();
  return *std::move(stored);
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

// The same of a resolving or reopening, with the comment at `said_at` or, when that is 0, without
// one: the receipt of what it wrote.
template <class Run>
absl::StatusOr<std::optional<Receipt>> FindSettlement(Connection& connection, const Run& run,
                                                      std::int64_t said_at) {
  const NewSettlement& request = run.request;
  const std::string& org_id = run.provenance.org_id;
  std::optional<StoredChange> change;
  if (!request.change_id.empty()) change = FindChange(connection, org_id, request.change_id);
  if (!change) return std::nullopt;
  // With words that nobody has said yet it is no change of before.
  const bool says_anew = request.words.has_value() && said_at == 0;
  if (says_anew || change->comment_position != said_at) return ChangeIdReused();
  if (change->is_words_alone()) {
    // Its author, thread and words are those of the comment, which have been compared.
    const bool was_resolved =
        WasResolvedBefore(connection, org_id, request.invoice_id, change->position);
    if (was_resolved != request.resolve) return ChangeIdReused();
    AuditMark mark = ReadAuditMark(connection, org_id, change->position);
    return Receipt{
        .position = change->position, .number = mark.number, .audit_hash = std::move(mark.hash)};
  }
  const bool same = change->action == (request.resolve ? kActionResolved : kActionReopened) &&
                    change->actor_id == run.provenance.actor.user_id &&
                    change->invoice_id == request.invoice_id;
  if (!same) return ChangeIdReused();
  return ReceiptOf(*change);
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

template <class Run, class Result>
void Changes::Submit(const CallContext& call, std::shared_ptr<Run> run, Answer<Result> answer) {
  run->provenance = ProvenanceOf(call, kActionAdded);
  std::string invoice_id = std::move(run->request.invoice_id);
  auto write = [this, call, run,
                answer = std::move(answer)](absl::StatusOr<std::string> found) mutable {
    if (!found.ok()) return answer(found.status());
    run->request.invoice_id = *std::move(found);
    writes_.Submit(
        call.deadline, Tenants::One(call.caller.org_id),
        [this, run] { writer_.ExpectChange(run->provenance.org_id, run->request.invoice_id); },
        [this, run](Connection& connection) {
          run->provenance.time = absl::Now();
          run->result = {};
          const absl::Status written = Write(connection, *run);
          // Also what was there before is shown, with all that the group has written to it so far.
          run->seen = events_.next_position() - 1;
          return written;
        },
        [this, call, run, answer = std::move(answer)](const absl::Status& status) mutable {
          if (!status.ok()) return answer(status);
          run->result.consistency_token = MakeConsistencyToken(
              {.log_id = events_.id(), .position = run->seen}, TokenScope(call.caller));
          answer(Result{std::move(run->result)});
        });
  };
  invoices_.Find(call, std::move(invoice_id), std::move(write));
}

void Changes::Edit(const CallContext& call, NewEdit request, Answer<EditedComment> answer) {
  absl::Status checked = Canonicalize("comment_id", request.comment_id);
  if (checked.ok()) checked = InField("body", CheckBody(request.body));
  if (checked.ok() && request.etag.empty()) checked = InvalidField("etag", "is required");
  if (checked.ok()) checked = CheckChangeId(request.change_id);
  absl::StatusOr<std::string> mentions = MentionsOf("mentions", request.mentions);
  if (checked.ok()) checked = mentions.status();
  if (!checked.ok()) return answer(checked);
  auto run = std::make_shared<EditRun>();
  run->request = std::move(request);
  run->mentions = *std::move(mentions);
  Submit(call, std::move(run), std::move(answer));
}

absl::Status Changes::Write(Connection& connection, EditRun& run) {
  const NewEdit& request = run.request;
  const Provenance& provenance = run.provenance;
  absl::StatusOr<StoredComment> stored = FindToChange(connection, run);
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
  absl::Status checked = Canonicalize("comment_id", request.comment_id);
  if (checked.ok()) checked = InField("reason", CheckReason(request.reason));
  if (checked.ok()) checked = CheckChangeId(request.change_id);
  if (!checked.ok()) return answer(checked);
  auto run = std::make_shared<RemovalRun>();
  run->request = std::move(request);
  run->by_admin = call.caller.role == Role::kAdmin;
  Submit(call, std::move(run), std::move(answer));
}

absl::Status Changes::Write(Connection& connection, RemovalRun& run) {
  const NewRemoval& request = run.request;
  const Provenance& provenance = run.provenance;
  absl::StatusOr<StoredComment> stored = FindToChange(connection, run);
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
  absl::Status checked = Canonicalize("comment_id", request.comment_id);
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
  Submit(call, std::move(run), std::move(written));
}

absl::Status Changes::Write(Connection& connection, ErasureRun& run) {
  const NewErasure& request = run.request;
  const Provenance& provenance = run.provenance;
  absl::StatusOr<StoredComment> stored = FindToChange(connection, run);
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

void Changes::Resolve(const CallContext& call, NewSettlement request,
                      Answer<ResolvedThread> answer) {
  request.resolve = true;
  Settle(call, std::move(request), std::move(answer));
}

void Changes::Reopen(const CallContext& call, NewSettlement request,
                     Answer<ReopenedThread> answer) {
  request.resolve = false;
  Settle(call, std::move(request), std::move(answer));
}

template <class Result>
void Changes::Settle(const CallContext& call, NewSettlement request, Answer<Result> answer) {
  absl::Status checked = CheckChangeId(request.change_id);
  absl::StatusOr<std::string> mentions = "";
  if (checked.ok() && request.words) {
    std::string& comment_id = request.words->comment_id;
    // Under the change's own id a retry says the same comment.
    if (comment_id.empty()) comment_id = request.change_id;
    if (comment_id.empty()) comment_id = NewUuid(absl::Now());
    checked = Canonicalize("comment.comment_id", comment_id);
    if (checked.ok()) checked = InField("comment.body", CheckBody(request.words->body));
    if (checked.ok()) mentions = MentionsOf("comment.mentions", request.words->mentions);
    if (checked.ok()) checked = mentions.status();
  }
  if (!checked.ok()) return answer(checked);
  auto run = std::make_shared<SettlementRun>();
  run->request = std::move(request);
  run->mentions = *std::move(mentions);
  Submit(call, std::move(run), std::move(answer));
}

absl::Status Changes::Write(Connection& connection, SettlementRun& run) {
  const NewSettlement& request = run.request;
  const Provenance& provenance = run.provenance;
  SettledThread& result = run.result;
  result.invoice_id = request.invoice_id;
  std::optional<StoredComment> said;
  if (request.words) said = FindComment(connection, provenance.org_id, request.words->comment_id);
  const Thread before = writer_.ThreadOf(connection, provenance.org_id, request.invoice_id);
  result.thread = before;
  const auto replay = [&](std::optional<Receipt> receipt) {
    result.replayed = true;
    result.receipt = std::move(receipt);
    if (said) result.comment = std::move(said->comment);
    return absl::OkStatus();
  };
  const auto words_at = [&](absl::Time time) {
    return Comment{.comment_id = request.words->comment_id,
                   .invoice_id = request.invoice_id,
                   .author = provenance.actor,
                   .body = request.words->body,
                   .create_time = time,
                   .mentions = run.mentions};
  };
  // What was said first under the id must be what is to be said now.
  if (said &&
      !IsReplay(AsFirstSaid(connection, provenance.org_id, *said), words_at(provenance.time))) {
    return CommentIdReused();
  }
  std::int64_t said_at = said ? said->position : 0;
  const auto repeated = FindSettlement(connection, run, said_at);
  if (!repeated.ok()) return repeated.status();
  if (*repeated) return replay(**repeated);
  const bool settled = before.resolved == request.resolve;
  if (settled && !request.words) return replay(std::nullopt);
  if (settled && said) return replay(ReceiptOf(connection, provenance.org_id, *said));
  if (!request.etag.empty() && request.etag != before.etag()) {
    return EtagMismatch("thread", before.etag());
  }
  if (request.words && !said) {
    Comment comment = words_at(CreateTimeAfter(before.last_comment_time, provenance.time));
    result.receipt = writer_.Add(connection, provenance, comment);
    if (!result.receipt) throw std::runtime_error("an unused comment id was taken");
    said_at = result.receipt->position;
    result.comment = std::move(comment);
  } else if (said) {
    result.comment = std::move(said->comment);
  }
  if (!settled) {
    result.receipt = writer_.Settle(connection, provenance, request.invoice_id, request.resolve,
                                    request.change_id, said_at);
  } else if (!request.change_id.empty()) {
    // So that its retry does not settle the thread over whoever has changed its state since.
    InsertChangeId(connection, provenance.org_id, request.change_id, said_at, said_at);
  }
  result.thread = writer_.ThreadOf(connection, provenance.org_id, request.invoice_id);
  return absl::OkStatus();
}

}  // namespace marginalia
