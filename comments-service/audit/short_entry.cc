#include "comments-service/audit/short_entry.h"

#include "absl/strings/str_cat.h"
#include "comments-service/record/commitment.h"

namespace marginalia {

// PostgreSQL is told to find each comment by its whole key, as in page_store.cc.
std::string EntryComment(DatabaseKind kind) {
  if (kind == DatabaseKind::kSqlite) {
    return "LEFT JOIN comments c ON a.comment_id = '' AND a.action = 'comment.added'"
           " AND c.org_id = a.org_id AND c.position = a.position";
  }
  return "LEFT JOIN LATERAL (SELECT n.* FROM comments n WHERE a.comment_id = ''"
         " AND a.action = 'comment.added' AND n.org_id = a.org_id AND n.position = a.position"
         " LIMIT 1) AS c ON TRUE";
}

std::string EntryHashOf(DatabaseKind kind, std::string_view alias) {
  const std::string table(alias);
  const bool sqlite = kind == DatabaseKind::kSqlite;
  return absl::StrCat("(", table, ".hash || ", sqlite ? "lower(hex(" : "encode(", table,
                      ".hash_bytes", sqlite ? "))" : ", 'hex')", ")");
}

AuditEntry ShortEntry(const AuditEntry& entry) {
  AuditEntry stored = entry;
  stored.actor_id.clear();
  stored.actor_name.clear();
  stored.name_commitment.clear();
  stored.invoice_id.clear();
  stored.comment_id.clear();
  stored.create_time = absl::UnixEpoch();
  stored.hash.clear();
  return stored;
}

void CompleteEntry(AuditEntry& entry, std::string_view name_salt) {
  const bool left_out = entry.format == 2 && entry.action == kActionAdded;
  if (!left_out || !entry.name_commitment.empty()) return;
  entry.name_commitment = Commitment(name_salt, entry.actor_name);
}

}  // namespace marginalia
