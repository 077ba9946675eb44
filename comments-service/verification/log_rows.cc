#include "comments-service/verification/log_rows.h"

#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"

namespace marginalia {

namespace {

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

struct SelectBeforeLog {
  explicit SelectBeforeLog(Connection& connection)
      : statement(connection,
                  "SELECT 'an entry' FROM audit_entries WHERE org_id = :org_1 AND position <= 0"
                  " UNION ALL"
                  " SELECT 'a comment' FROM comments WHERE org_id = :org_2 AND position <= 0"
                  " UNION ALL"
                  " SELECT 'a revision' FROM comment_revisions"
                  " WHERE org_id = :org_3 AND position <= 0"
                  " UNION ALL"
                  " SELECT 'an event' FROM events WHERE position <= 0 AND org_id = :org_4"
                  " LIMIT 1",
                  soci::into(what)) {}

  std::string what;
  StatementWith<std::string, std::string, std::string, std::string> statement;
};

}  // namespace

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

std::string RowBeforeLog(Connection& connection, std::string_view org_id) {
  auto& select = connection.Prepared<SelectBeforeLog>();
  return select.statement.Run(org_id, org_id, org_id, org_id) ? select.what : "";
}

}  // namespace marginalia
