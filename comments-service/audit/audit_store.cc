#include "comments-service/audit/audit_store.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "comments-service/audit/short_entry.h"
#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

struct SelectEntries {
  explicit SelectEntries(Connection& connection)
      : statement(connection,
                  absl::Substitute("$0 FROM audit_entries a $1 WHERE a.org_id = :org_id"
                                   " AND a.position > :after ORDER BY a.position LIMIT :limit",
                                   SelectEntryColumns(connection.kind()),
                                   EntryComment(connection.kind())),
                  [this](soci::statement& to) { row.BindTo(to); }) {}

  EntryColumns row;
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

}  // namespace

std::string SelectEntryColumns(DatabaseKind kind) {
  return absl::StrCat("SELECT a.position, ", kEntryWords, ", ", EntryHashOf(kind, "a"),
                      ", a.format, a.number, a.name_salt, a.name_commitment, a.revision,"
                      " a.content_commitment, a.reason");
}

void EntryColumns::BindTo(soci::statement& statement) {
  const auto bind = [&statement](auto&... columns) {
    (statement.exchange(soci::into(columns)), ...);
  };
  bind(entry_.position, entry_.actor_id, entry_.actor_name, entry_.action, entry_.invoice_id,
       entry_.comment_id, entry_.request_id, create_time_, entry_.hash, format_, entry_.number,
       salts_, name_commitment_, entry_.revision, content_commitment_, entry_.reason);
}

StoredEntry EntryColumns::Read(const Connection& connection, std::string_view org_id) const {
  StoredEntry stored{.entry = entry_, .salts = EntrySaltsOf(connection.FromColumn(salts_))};
  AuditEntry& entry = stored.entry;
  entry.org_id = org_id;
  entry.format = static_cast<int>(format_);
  entry.name_commitment = absl::BytesToHexString(connection.FromColumn(name_commitment_));
  entry.content_commitment = absl::BytesToHexString(connection.FromColumn(content_commitment_));
  entry.create_time = absl::FromUnixMicros(create_time_);
  CompleteEntry(entry, stored.salts.name);
  return stored;
}

std::vector<StoredEntry> ReadStoredEntries(Connection& connection, std::string_view org_id,
                                           std::int64_t position, std::int64_t limit) {
  return RowsOf<StoredEntry>(
      connection.Prepared<SelectEntries>(),
      [&](const SelectEntries& each) { return each.row.Read(connection, org_id); }, org_id,
      position, limit);
}

}  // namespace marginalia
