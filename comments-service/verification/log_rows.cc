#include "comments-service/verification/log_rows.h"

#include "absl/strings/escaping.h"
#include "comments-service/audit/short_entry.h"
#include "comments-service/verification/selected_rows.h"
#include "services/storage/connection/statement.h"

namespace marginalia {

namespace {

struct SelectEntries {
  explicit SelectEntries(Connection& connection)
      : statement(
            connection, SelectEntriesAfter(connection.kind()), soci::use(org_id), soci::use(after),
            soci::use(limit), soci::into(entry.position), soci::into(entry.actor_id),
            soci::into(entry.actor_name), soci::into(entry.action), soci::into(entry.invoice_id),
            soci::into(entry.comment_id), soci::into(entry.request_id), soci::into(create_time),
            soci::into(entry.hash), soci::into(format), soci::into(entry.number),
            soci::into(name_salt), soci::into(name_commitment), soci::into(entry.revision),
            soci::into(content_commitment), soci::into(entry.reason)) {}

  StoredEntry Row(const Connection& connection) {
    entry.org_id = org_id;
    entry.format = static_cast<int>(format);
    entry.name_commitment = absl::BytesToHexString(connection.FromColumn(name_commitment));
    entry.content_commitment = absl::BytesToHexString(connection.FromColumn(content_commitment));
    entry.create_time = absl::FromUnixMicros(create_time);
    StoredEntry stored{.entry = entry, .salts = EntrySaltsOf(connection.FromColumn(name_salt))};
    CompleteEntry(stored.entry, stored.salts.name);
    return stored;
  }

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t limit = 0;
  AuditEntry entry;
  std::int64_t create_time = 0;
  std::int64_t format = 0;
  std::string name_salt;
  std::string name_commitment;
  std::string content_commitment;
  Statement statement;
};

struct SelectEvents {
  explicit SelectEvents(Connection& connection)
      : statement(connection,
                  (connection.kind() == DatabaseKind::kPostgres
                       ? "SELECT position, subject, payload FROM events"
                         " WHERE position = ANY(CAST(:positions AS BIGINT[]))"
                         " AND org_id = :org_id ORDER BY position"
                       : "SELECT position, subject, payload FROM events"
                         " WHERE position IN (SELECT value FROM json_each(:positions))"
                         " AND org_id = :org_id ORDER BY position"),
                  soci::into(row.position), soci::into(row.subject), soci::into(payload)) {}

  StoredEvent row;
  std::string payload;
  StatementWith<std::string, std::string> statement;
};

struct SelectEnds {
  explicit SelectEnds(Connection& connection)
      : statement(connection,
                  "SELECT head, compacted, coalesce((SELECT min(position)"
                  " FROM events WHERE org_id = :org_id"
                  " AND position > event_log.head), 0) FROM event_log",
                  soci::into(ends.head), soci::into(ends.compacted), soci::into(ends.behind_head)) {
  }

  EventLogEnds ends;
  StatementWith<std::string> statement;
};

}  // namespace

std::vector<StoredEntry> ReadStoredEntries(Connection& connection, std::string_view org_id,
                                           std::int64_t after, std::int64_t limit) {
  auto& select = connection.Prepared<SelectEntries>();
  select.org_id = org_id;
  select.after = after;
  select.limit = limit;
  return RowsOf<StoredEntry>(select,
                             [&connection](SelectEntries& each) { return each.Row(connection); });
}

std::optional<StoredEntry> FindStoredEntry(Connection& connection, std::string_view org_id,
                                           std::int64_t position) {
  std::optional<StoredEntry> found = OnlyOf(ReadStoredEntries(connection, org_id, position - 1, 1));
  if (found.has_value() && found->entry.position != position) return std::nullopt;
  return found;
}

std::vector<StoredEvent> ReadEventsAt(Connection& connection, std::string_view org_id,
                                      const std::vector<std::int64_t>& positions) {
  if (positions.empty()) return {};
  auto& select = connection.Prepared<SelectEvents>();
  return RowsOf<StoredEvent>(
      select,
      [&connection](SelectEvents& each) {
        each.row.payload = connection.FromColumn(each.payload);
        return each.row;
      },
      PositionsFor(connection, positions), org_id);
}

EventLogEnds ReadEventLogEnds(Connection& connection, std::string_view org_id) {
  auto& select = connection.Prepared<SelectEnds>();
  return select.statement.Run(org_id) ? select.ends : EventLogEnds{};
}

}  // namespace marginalia
