// The audit log as rows to read. Runs one prepared statement on the connection that it is given and
// throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/record/audit_entry.h"
#include "comments-service/record/commitment.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

struct StoredEntry {
  AuditEntry entry;
  // Bytes; empty in format 1.
  EntrySalts salts = {};
};

// Up to `limit` entries of the tenant from after `position`, oldest first.
std::vector<StoredEntry> ReadStoredEntries(Connection& connection, std::string_view org_id,
                                           std::int64_t position, std::int64_t limit);

// For a statement that finds entries otherwise: "SELECT " and what EntryColumns takes, of `a`,
// audit_entries, and `c`, the comment that EntryComment joins (short_entry.h).
std::string SelectEntryColumns(DatabaseKind kind);

// What a row of it goes into, which lives as long as the statement.
class EntryColumns {
 public:
  void BindTo(soci::statement& statement);
  StoredEntry Read(const Connection& connection, std::string_view org_id) const;

 private:
  AuditEntry entry_;
  std::int64_t create_time_ = 0;
  std::int64_t format_ = 0;
  std::string salts_;
  std::string name_commitment_;
  std::string content_commitment_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_STORE_H_
