#include "comments-service/thread/comment_writer.h"

#include "comments-service/thread/comment_wire.h"

namespace marginalia {
namespace {

std::string KeyOf(std::string_view org_id, std::string_view id) {
  std::string key(org_id);
  key.push_back('\0');
  key.append(id);
  return key;
}

}  // namespace

void CommentWriter::Expect(std::string_view org_id, std::string_view invoice_id,
                           std::string_view comment_id) {
  audit_.Expect(org_id);
  expected_threads_.push_back({std::string(org_id), std::string(invoice_id)});
  expected_ids_.push_back({std::string(org_id), std::string(comment_id)});
}

void CommentWriter::Begin(Connection& connection) {
  if (events_.has_other_writers() || heads_.size() > kThreadHeadsMax) heads_.clear();
  free_ids_.clear();
  taken_ids_.clear();
  if (!expected_ids_.empty()) ReadExpected(connection);
}

void CommentWriter::RolledBack() {
  heads_.clear();
  // What was expected may not even have been read: the next attempt says it again.
  expected_threads_.clear();
  expected_ids_.clear();
  free_ids_.clear();
  taken_ids_.clear();
}

bool CommentWriter::IsFree(std::string_view org_id, std::string_view comment_id) const {
  return !free_ids_.empty() && free_ids_.contains(KeyOf(org_id, comment_id));
}

void CommentWriter::ReadExpected(Connection& connection) {
  connection.ActFor(Tenants::All());
  std::vector<TenantThread> threads;
  for (TenantThread& thread : expected_threads_) {
    // A thread without a comment has no row to be found.
    if (heads_.try_emplace(KeyOf(thread.org_id, thread.invoice_id)).second) {
      threads.push_back(std::move(thread));
    }
  }
  for (const auto& [thread, head] : ReadThreadHeads(connection, threads)) {
    heads_[KeyOf(thread.org_id, thread.invoice_id)] = head;
  }
  for (const std::size_t taken : FindTakenIds(connection, expected_ids_)) {
    taken_ids_.insert(KeyOf(expected_ids_[taken].org_id, expected_ids_[taken].comment_id));
  }
  for (const TenantCommentId& id : expected_ids_) {
    std::string key = KeyOf(id.org_id, id.comment_id);
    if (!taken_ids_.contains(key)) free_ids_.insert(std::move(key));
  }
  expected_threads_.clear();
  expected_ids_.clear();
}

bool CommentWriter::Claim(Connection& connection, std::string_view org_id,
                          std::string_view comment_id) {
  const std::int64_t position = events_.next_position();
  std::string key = events_.has_other_writers() ? KeyOf(org_id, comment_id) : std::string();
  if (taken_ids_.contains(key)) return false;
  const auto free = free_ids_.find(key);
  if (free == free_ids_.end()) return ClaimCommentId(connection, org_id, comment_id, position);
  free_ids_.erase(free);
  taken_ids_.insert(std::move(key));
  InsertCommentId(connection, org_id, comment_id, position);
  return true;
}

ThreadHead& CommentWriter::MutableHead(Connection& connection, std::string_view org_id,
                                       std::string_view invoice_id) {
  std::string key = KeyOf(org_id, invoice_id);
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
  if (!Claim(connection, deed.org_id, comment.comment_id)) return std::nullopt;
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
