#include "services/events/log/event_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/events/log/event_log.h"
#include "services/storage/connection/final_state.h"
#include "services/storage/connection/row_insert.h"

namespace marginalia {
namespace {

// Rows that SOCI fetches at a time.
constexpr std::size_t kFetchRowsMax = 128;

constexpr char kSelectRow[] = "SELECT log_id, head, compacted, newest_time FROM event_log";

// On PostgreSQL the other replicas hear of it when it is committed.
std::string RaiseHead(DatabaseKind kind) {
  constexpr char kRaise[] = "UPDATE event_log SET head = :head, newest_time = :newest_time";
  if (kind == DatabaseKind::kSqlite) return kRaise;
  return absl::StrCat("WITH raised AS (", kRaise, " RETURNING head) SELECT pg_notify('",
                      kEventsChannel, "', CAST(head AS TEXT)) FROM raised");
}

struct LogRowStatements {
  explicit LogRowStatements(Connection& connection)
      : read((connection.sql().prepare << kSelectRow, soci::into(row.log_id), soci::into(row.head),
              soci::into(row.compacted), soci::into(row.newest_time))),
        // Nobody else writes to a SQLite file: its transaction began with the lock.
        lock((connection.sql().prepare << absl::StrCat(
                  kSelectRow, connection.kind() == DatabaseKind::kPostgres ? " FOR UPDATE" : ""),
              soci::into(row.log_id), soci::into(row.head), soci::into(row.compacted),
              soci::into(row.newest_time))),
        raise((connection.sql().prepare << RaiseHead(connection.kind()),
               soci::use(row.head, "head"), soci::use(row.newest_time, "newest_time"))) {}
  EventLogRow row;
  soci::statement read;
  soci::statement lock;
  soci::statement raise;
};

struct LoadStatement {
  explicit LoadStatement(Connection& connection)
      : load((connection.sql().prepare
                  << "SELECT position, org_id, subject, payload FROM events "
                     "WHERE position > :position ORDER BY position LIMIT :limit",
              soci::into(positions), soci::into(org_ids), soci::into(subjects),
              soci::into(payloads), soci::use(position, "position"), soci::use(limit, "limit"))) {}

  void Resize(std::size_t rows) {
    positions.resize(rows);
    org_ids.resize(rows);
    subjects.resize(rows);
    payloads.resize(rows);
  }

  std::int64_t position = 0;
  std::int64_t limit = 0;
  std::vector<std::int64_t> positions{std::vector<std::int64_t>(kFetchRowsMax)};
  std::vector<std::string> org_ids{std::vector<std::string>(kFetchRowsMax)};
  std::vector<std::string> subjects{std::vector<std::string>(kFetchRowsMax)};
  std::vector<std::string> payloads{std::vector<std::string>(kFetchRowsMax)};
  soci::statement load;
};

struct EventRows {
  explicit EventRows(Connection& connection)
      : insert(connection, "INSERT INTO events (position, org_id, subject, event_time, payload)",
               {RowInsert::kInteger, RowInsert::kText, RowInsert::kText, RowInsert::kInteger,
                RowInsert::kBytes}) {}
  RowInsert insert;
};

struct PayloadStatement {
  explicit PayloadStatement(Connection& connection)
      : update((
            connection.sql().prepare << (connection.kind() == DatabaseKind::kPostgres
                                             ? "UPDATE events SET payload = CAST(:payload AS BYTEA)"
                                               " WHERE position = :position AND org_id = :org_id"
                                             : "UPDATE events SET payload = :payload WHERE "
                                               "position = :position AND org_id = :org_id"),
            soci::use(payload), soci::use(position), soci::use(org_id))) {}
  std::string payload;
  std::int64_t position = 0;
  std::string org_id;
  soci::statement update;
};

EventLogRow Fetch(LogRowStatements& statements, soci::statement& statement) {
  if (!statement.execute(true)) {
    throw FinalState(
        "the event log has lost its head row: restore the database from a backup, then start "
        "again");
  }
  return statements.row;
}

}  // namespace

std::vector<std::string> EventLogSchema() {
  return {
      "CREATE TABLE event_log (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), "
      "log_id TEXT NOT NULL, head BIGINT NOT NULL, compacted BIGINT NOT NULL)",
      // Open gives the log its id.
      "INSERT INTO event_log (only_row, log_id, head, compacted) VALUES (1, '', 0, 0)",
      "CREATE TABLE events (position {integer_key} PRIMARY KEY, org_id TEXT NOT NULL, "
      "subject TEXT NOT NULL, event_time BIGINT NOT NULL, payload {bytes} NOT NULL)",
  };
}

// It is one log whichever replica writes: each must know the time of the event before its own.
std::vector<std::string> NewestTimeSchema() {
  return {
      "ALTER TABLE event_log ADD COLUMN newest_time BIGINT NOT NULL DEFAULT 0",
      "UPDATE event_log SET newest_time ="
      " COALESCE((SELECT event_time FROM events WHERE position = head), 0)",
  };
}

EventLogRow ReadLogRow(Connection& connection) {
  auto& statements = connection.Prepared<LogRowStatements>();
  return Fetch(statements, statements.read);
}

EventLogRow LockLogRow(Connection& connection) {
  auto& statements = connection.Prepared<LogRowStatements>();
  return Fetch(statements, statements.lock);
}

void StoreLogId(Connection& connection, const std::string& log_id) {
  connection.sql() << "UPDATE event_log SET log_id = :log_id", soci::use(log_id);
}

void StoreEvents(Connection& connection, const std::vector<EventPointer>& events,
                 const std::vector<std::int64_t>& times) {
  RowInsert& rows = connection.Held<EventRows>().insert;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = *events[i];
    rows.Integer(event.position)
        .Text(event.org_id)
        .Text(event.subject)
        .Integer(times[i])
        .Bytes(event.payload)
        .EndRow();
  }
  auto& statements = connection.Prepared<LogRowStatements>();
  statements.row.head = events.back()->position;
  statements.row.newest_time = times.back();
  statements.raise.execute(true);
}

void StorePayload(Connection& connection, const Event& event, std::string_view payload) {
  auto& statement = connection.Prepared<PayloadStatement>();
  statement.payload = connection.ToColumn(payload);
  statement.position = event.position;
  statement.org_id = event.org_id;
  statement.update.execute(true);
}

std::vector<EventPointer> LoadEvents(Connection& connection, std::int64_t position, int limit,
                                     std::size_t bytes_max) {
  std::vector<EventPointer> events;
  if (limit <= 0) return events;
  auto& statement = connection.Prepared<LoadStatement>();
  // SOCI loses the row of a SELECT into vectors with room for one.
  const std::size_t rows =
      std::clamp(static_cast<std::size_t>(limit), std::size_t{2}, kFetchRowsMax);
  statement.position = position;
  statement.limit = limit;
  statement.Resize(rows);
  std::size_t bytes = 0;
  for (bool more = statement.load.execute(true); more;) {
    for (std::size_t i = 0; i < statement.positions.size() && bytes < bytes_max; ++i) {
      auto event = std::make_shared<Event>();
      event->position = statement.positions[i];
      event->org_id = std::move(statement.org_ids[i]);
      event->subject = std::move(statement.subjects[i]);
      event->payload = connection.FromColumn(std::move(statement.payloads[i]));
      bytes += event->payload.size();
      events.push_back(std::move(event));
    }
    more = statement.positions.size() == rows && bytes < bytes_max && statement.load.fetch();
  }
  // What was fetched beyond the bound would stay in memory until the next read.
  statement.Resize(0);
  return events;
}

std::int64_t FirstNotBefore(Connection& connection, std::int64_t after, std::int64_t up_to,
                            std::int64_t time) {
  std::int64_t first = 0;
  connection.sql() << "SELECT position FROM events WHERE position > :after AND position <= :up_to"
                      " AND event_time >= :time ORDER BY position LIMIT 1",
      soci::into(first), soci::use(after), soci::use(up_to), soci::use(time);
  return first;
}

void RemoveEvents(Connection& connection, std::int64_t compacted, std::int64_t position) {
  connection.sql() << "DELETE FROM events WHERE position > :compacted AND position <= :position",
      soci::use(compacted), soci::use(position);
  connection.sql() << "UPDATE event_log SET compacted = :position", soci::use(position);
}

}  // namespace marginalia
