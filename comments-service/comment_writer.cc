#include "comments-service/comment_writer.h"

#include "comments-service/comment_wire.h"

namespace marginalia {

void CommentWriter::Begin(Connection&) {
  if (events_.has_other_writers() || heads_.size() > kThreadHeadsMax) heads_.clear();
}

ThreadHead& CommentWriter::MutableHead(Connection& connection, std::string_view org_id,
                                       std::string_view invoice_id) {
  std::string key(org_id);
  key.push_back('\0');
  key.append(invoice_id);
  auto head = heads_.find(key);
  if (head == heads_.end()) {
    head = heads_.emplace(std::move(key), ReadThreadHead(connection, org_id, invoice_id)).first;
  }
  return head->second;
}

const ThreadHead& CommentWriter::Head(Connection& connection, std::string_view org_id,
                                      std::string_view invoice_id) {
  return MutableHead(connection, org_id, invoice_id);
}

std::optional<Receipt> CommentWriter::Add(Connection& connection, const Deed& deed,
                                          Comment& comment) {
  ThreadHead& head = MutableHead(connection, deed.org_id, comment.invoice_id);
  comment.sequence = head.sequence + 1;
  if (!ClaimCommentId(connection, deed.org_id, comment.comment_id, events_.next_position())) {
    return std::nullopt;
  }
  Receipt receipt;
  receipt.position = events_.Append(
      connection, deed.org_id, comment.invoice_id, deed.time, [&](std::int64_t position) {
        return EncodeCommentAdded(position, deed.org_id, absl::ToUnixMicros(deed.time),
                                  ViewOf(comment));
      });
  InsertComment(connection, deed.org_id, comment, receipt.position);
  if (comment.sequence == 1) InsertThread(connection, deed.org_id, comment.invoice_id);
  AuditEntry entry{.position = receipt.position,
                   .org_id = deed.org_id,
                   .actor_id = deed.actor.user_id,
                   .actor_name = deed.actor.display_name,
                   .action = std::string(deed.action),
                   .invoice_id = comment.invoice_id,
                   .comment_id = comment.comment_id,
                   .request_id = deed.request_id,
                   .create_time = absl::FromUnixMicros(absl::ToUnixMicros(deed.time)),
                   .hash = ""};
  receipt.audit_hash = audit_.Append(connection, entry);
  head = ThreadHead{.sequence = comment.sequence, .create_time = comment.create_time};
  pages_.Touch(deed.org_id, comment.invoice_id);
  return receipt;
}

}  // namespace marginalia
