#include "comments-service/thread/settlements.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "comments-service/audit/audit_log.h"
#include "comments-service/thread/comment_lookup.h"
#include "comments-service/thread/mentions.h"
#include "comments-service/thread/store/revision_store.h"
#include "services/errors/errors.h"
#include "services/text/uuid.h"

namespace marginalia {

struct Settlements::SettlementRun : ChangeRun<NewSettlement, SettledThread> {
  std::string mentions;  // of its words, as Comment::mentions
};

namespace {

// What was settled before under this change_id, with the comment at `said_at` or, when that is 0,
// without one: the receipt of what that wrote. Nothing when there is none, or nothing was. Errors:
// CHANGE_ID_REUSED when it was another change.
absl::StatusOr<std::optional<Receipt>> FindSettlement(Connection& connection,
                                                      const NewSettlement& request,
                                                      const Provenance& provenance,
                                                      std::int64_t said_at) {
  const std::string& org_id = provenance.org_id;
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
    return ReceiptAt(connection, org_id, change->position);
  }
  const bool same = change->action == (request.resolve ? kActionResolved : kActionReopened) &&
                    change->actor_id == provenance.actor.user_id &&
                    change->invoice_id == request.invoice_id;
  if (!same) return ChangeIdReused();
  return ReceiptOf(*change);
}

// What is said with it, as a comment of this time.
Comment WordsAt(absl::Time time, const NewSettlement& request, const Provenance& provenance,
                const std::string& mentions) {
  return {.comment_id = request.words->comment_id,
          .invoice_id = request.invoice_id,
          .author = provenance.actor,
          .body = request.words->body,
          .create_time = time,
          .mentions = mentions};
}

}  // namespace

void Settlements::Resolve(const CallContext& call, NewSettlement request,
                          Answer<ResolvedThread> answer) {
  request.resolve = true;
  Settle(call, std::move(request), std::move(answer));
}

void Settlements::Reopen(const CallContext& call, NewSettlement request,
                         Answer<ReopenedThread> answer) {
  request.resolve = false;
  Settle(call, std::move(request), std::move(answer));
}

template <class Result>
void Settlements::Settle(const CallContext& call, NewSettlement request, Answer<Result> answer) {
  absl::Status checked = CheckChangeId(request.change_id);
  absl::StatusOr<std::string> mentions = "";
  if (checked.ok() && request.words) {
    std::string& comment_id = request.words->comment_id;
    // Under the change's own id a retry says the same comment.
    if (comment_id.empty()) comment_id = request.change_id;
    if (comment_id.empty()) comment_id = NewUuid(absl::Now());
    checked = CanonicalizeNewId("comment.comment_id", comment_id);
    if (checked.ok()) checked = InField("comment.body", CheckBody(request.words->body));
    if (checked.ok()) mentions = MentionsOf("comment.mentions", request.words->mentions);
    if (checked.ok()) checked = mentions.status();
  }
  if (!checked.ok()) return answer(checked);
  auto run = std::make_shared<SettlementRun>();
  run->request = std::move(request);
  run->mentions = *std::move(mentions);
  change_writes_.Submit<SettlementRun>(
      call, std::move(run),
      [this](Connection& connection, SettlementRun& change) { return Write(connection, change); },
      std::move(answer));
}

absl::Status Settlements::Write(Connection& connection, SettlementRun& run) {
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
  // What was said first under the id must be what is to be said now.
  if (said && !IsReplay(AsFirstSaid(connection, provenance.org_id, *said),
                        WordsAt(provenance.time, request, provenance, run.mentions))) {
    return CommentIdReused();
  }
  std::int64_t said_at = said ? said->position : 0;
  const auto repeated = FindSettlement(connection, request, provenance, said_at);
  if (!repeated.ok()) return repeated.status();
  if (*repeated) return replay(**repeated);
  const bool settled = before.resolved == request.resolve;
  if (settled && !request.words) return replay(std::nullopt);
  if (settled && said) return replay(ReceiptOf(connection, provenance.org_id, *said));
  if (!request.etag.empty() && request.etag != before.etag()) {
    return EtagMismatch("thread", before.etag());
  }
  if (request.words && !said) {
    Comment comment = WordsAt(CreateTimeAfter(before.last_comment_time, provenance.time), request,
                              provenance, run.mentions);
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
