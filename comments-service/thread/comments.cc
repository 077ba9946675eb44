#include "comments-service/thread/comments.h"

#include <memory>
#include <optional>
#include <utility>

#include "comments-service/thread/comment_lookup.h"
#include "comments-service/thread/mentions.h"
#include "comments-service/thread/store/revision_store.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"
#include "services/text/uuid.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// One AddComment under way: shared by the write, which may run more than once, and the answer.
struct Comments::Addition {
  Provenance provenance;
  Comment comment;
  bool replayed = false;
  Receipt receipt;
  // The position that the answer includes: a stored comment may have changed since it was added.
  std::int64_t seen = 0;
};

void Comments::Add(const CallContext& call, NewComment request, Answer<AddedComment> answer) {
  if (request.comment_id.empty()) request.comment_id = NewUuid(absl::Now());
  absl::StatusOr<std::string> comment_id = CanonicalNewId(request.comment_id);
  if (!comment_id.ok()) return answer(InField("comment_id", comment_id.status()));
  if (absl::Status checked = InField("body", CheckBody(request.body)); !checked.ok()) {
    return answer(checked);
  }
  absl::StatusOr<std::string> mentions = MentionsOf("mentions", request.mentions);
  if (!mentions.ok()) return answer(mentions.status());
  auto addition = std::make_shared<Addition>();
  addition->provenance = ProvenanceOf(call, kActionAdded);
  addition->comment.comment_id = *std::move(comment_id);
  addition->comment.body = std::move(request.body);
  addition->comment.mentions = *std::move(mentions);
  auto write = [this, call, addition,
                answer = std::move(answer)](absl::StatusOr<std::string> invoice_id) mutable {
    if (!invoice_id.ok()) return answer(invoice_id.status());
    addition->comment.invoice_id = *std::move(invoice_id);
    writes_.Submit(
        call.deadline, Tenants::One(call.caller.org_id),
        [this, addition] {
          const Comment& comment = addition->comment;
          writer_.Expect(addition->provenance.org_id, comment.invoice_id, comment.comment_id);
        },
        [this, addition](Connection& connection) { return Write(connection, *addition); },
        [this, call, addition, answer = std::move(answer)](const absl::Status& status) mutable {
          if (!status.ok()) return answer(status);
          answer(AddedComment{
              .comment = std::move(addition->comment),
              .replayed = addition->replayed,
              .consistency_token = MakeConsistencyToken(
                  {.log_id = events_.id(), .position = addition->seen}, TokenScope(call.caller)),
              .receipt = std::move(addition->receipt)});
        });
  };
  invoices_.Find(call, std::move(request.invoice_id), std::move(write));
}

absl::Status Comments::Write(Connection& connection, Addition& addition) {
  Provenance& provenance = addition.provenance;
  Comment& comment = addition.comment;
  const Thread& thread = writer_.ThreadOf(connection, provenance.org_id, comment.invoice_id);
  provenance.time = absl::Now();
  comment.author = provenance.actor;
  comment.create_time = CreateTimeAfter(thread.last_comment_time, provenance.time);
  if (std::optional<Receipt> receipt = writer_.Add(connection, provenance, comment)) {
    addition.replayed = false;
    addition.seen = receipt->position;
    addition.receipt = *std::move(receipt);
    return absl::OkStatus();
  }
  std::optional<StoredComment> stored =
      FindComment(connection, provenance.org_id, comment.comment_id);
  if (!stored.has_value() ||
      !IsReplay(AsFirstSaid(connection, provenance.org_id, *stored), comment)) {
    return CommentIdReused();
  }
  addition.replayed = true;
  AuditMark mark = ReadAuditMark(connection, provenance.org_id, stored->position);
  addition.seen = events_.next_position() - 1;
  addition.receipt = {
      .position = stored->position, .number = mark.number, .audit_hash = std::move(mark.hash)};
  comment = std::move(stored->comment);
  return absl::OkStatus();
}

void Comments::Get(const CallContext& call, std::string invoice_id, std::string comment_id,
                   Answer<Comment> answer) {
  absl::StatusOr<std::string> canonical = CanonicalCommentId(comment_id);
  if (!canonical.ok()) return answer(InField("comment_id", canonical.status()));
  auto read = [this, call, comment_id = *std::move(canonical),
               answer = std::move(answer)](absl::StatusOr<std::string> thread) mutable {
    if (!thread.ok()) return answer(thread.status());
    ReadValueThen(
        database_, call.deadline, Tenants::One(call.caller.org_id),
        [org_id = call.caller.org_id, comment_id = std::move(comment_id),
         thread = *std::move(thread)](Connection& connection) -> absl::StatusOr<Comment> {
          absl::StatusOr<StoredComment> stored =
              LookUpComment(connection, org_id, thread, comment_id);
          if (!stored.ok()) return stored.status();
          return std::move(stored->comment);
        },
        std::move(answer));
  };
  invoices_.Find(call, std::move(invoice_id), std::move(read));
}

}  // namespace marginalia
