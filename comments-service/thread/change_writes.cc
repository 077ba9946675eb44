#include "comments-service/thread/change_writes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/thread/comment.h"
#include "services/errors/errors.h"

namespace marginalia {

namespace {

absl::Status Replace(std::string_view field, absl::StatusOr<std::string> canonical,
                     std::string& id) {
  if (!canonical.ok()) return InField(field, canonical.status());
  id = *std::move(canonical);
  return absl::OkStatus();
}

}  // namespace

absl::Status CanonicalizeCommentId(std::string& comment_id) {
  return Replace("comment_id", CanonicalCommentId(comment_id), comment_id);
}

absl::Status CanonicalizeNewId(std::string_view field, std::string& id) {
  return Replace(field, CanonicalNewId(id), id);
}

absl::Status CheckChangeId(std::string& change_id) {
  return change_id.empty() ? absl::OkStatus() : CanonicalizeNewId("change_id", change_id);
}

absl::Status EtagMismatch(std::string_view what, const std::string& current) {
  return Refusal(
      absl::StatusCode::kAborted, "ETAG_MISMATCH",
      absl::StrCat("the ", std::string(what), " has changed since: read it again and decide anew"),
      {{"etag", current}});
}

absl::Status ChangeIdReused() {
  return Refusal(absl::StatusCode::kAlreadyExists, "CHANGE_ID_REUSED",
                 "this change_id already belongs to another change: choose a new one");
}

Receipt ReceiptOf(const StoredChange& change) {
  return {.position = change.position, .number = change.number, .audit_hash = change.hash};
}

Receipt ReceiptAt(Connection& connection, std::string_view org_id, std::int64_t position) {
  AuditMark mark = ReadAuditMark(connection, org_id, position);
  return {.position = position, .number = mark.number, .audit_hash = std::move(mark.hash)};
}

Receipt ReceiptOf(Connection& connection, std::string_view org_id, const StoredComment& stored) {
  return ReceiptAt(connection, org_id, std::max(stored.change_position, stored.position));
}

}  // namespace marginalia
