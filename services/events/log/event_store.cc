#include "services/events/log/event_store.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/events/log/event_log.h"
#include "services/storage/connection/final_state.h"
#include "services/storage/connection/pipeline.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

// Rows that SOCI fetches at a time.
constexpr std::size_t kFetchRowsMax = 128;

constexpr char kSelectRow[] =
    "SELECT log_id, head, compacted, newest_time, stubs_are_read FROM event_log";

// The other replicas hear of it when it is committed.
std::string RaiseHeadAndNotify() {
  return absl::StrCat("WITH raised AS (UPDATE event_log SET head = $1, newest_time = $2",
                      " RETURNING head) SELECT pg_notify('", kEventsChannel,
                      "', CAST(head AS TEXT)) FROM raised");
}

struct LogRowStatements {
  explicit LogRowStatements(Connection& connection)
      : read(connection, kSelectRow, soci::into(row.log_id), soci::into(row.head),
             soci::into(row.compacted), soci::into(row.newest_time),
             soci::into(row.stubs_are_read)) {}
  EventLogRow row;
  Statement read;
};

// On SQLite.
struct RaiseHead {
  explicit RaiseHead(Connection& connection)
      : raise(connection, "UPDATE event_log SET head = :head, newest_time = :newest_time") {}
  StatementWith<std::int64_t, std::int64_t> raise;
};

struct LoadStatement {
  explicit LoadStatement(Connection& connection)
      : load(connection,
             "SELECT position, org_id, subject, payload FROM events "
             "WHERE position > :position ORDER BY position LIMIT :limit",
             soci::into(positions), soci::into(org_ids), soci::into(subjects), soci::into(payloads),
             soci::use(position, "position"), soci::use(limit, "limit")) {}

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
  Statement load;
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
      : update(connection, connection.kind() == DatabaseKind::kPostgres
                               ? "UPDATE events SET payload = CAST(:payload AS BYTEA)"
                                 " WHERE position = :position AND org_id = :org_id"
                               : "UPDATE events SET payload = :payload WHERE "
                                 "position = :position AND org_id = :org_id") {}
  StatementWith<std::string, std::int64_t, std::string> update;
};

// The rows that the statement holds.
std::vector<std::shared_ptr<Event>> Fetched(Connection& connection, LoadStatement& statement,
                                            const CompleteStubs& complete) {
  std::vector<std::shared_ptr<Event>> events;
  events.reserve(statement.positions.size());
  bool stubs = false;
  for (std::size_t i = 0; i < statement.positions.size(); ++i) {
    auto& event = events.emplace_back(std::make_shared<Event>());
    event->position = statement.positions[i];
    event->org_id = std::move(statement.org_ids[i]);
    event->subject = std::move(statement.subjects[i]);
    event->payload = connection.FromColumn(std::move(statement.payloads[i]));
    stubs = stubs || event->subject.empty();
  }
  if (stubs && complete != nullptr) complete(connection, events);
  return events;
}

[[noreturn]] void ThrowLostHead() {
  throw FinalState(
      "the event log has lost its head row: restore the database from a backup, then start again");
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

std::vector<std::string> StubsSchema() {
  return {"ALTER TABLE event_log ADD COLUMN stubs_are_read BIGINT NOT NULL DEFAULT 0"};
}

EventLogRow ReadLogRow(Connection& connection) {
  auto& statements = connection.Prepared<LogRowStatements>();
  if (!statements.read.Run()) ThrowLostHead();
  return statements.row;
}

EventLogRow LockLogRow(Connection& connection) {
  // Nobody else writes to a SQLite file: its transaction began with the lock.
  if (connection.kind() == DatabaseKind::kSqlite) return ReadLogRow(connection);
  std::optional<EventLogRow> row;
  connection.Ask(absl::StrCat(kSelectRow, " FOR UPDATE"), {}, [&row](const AnsweredRows& rows) {
    if (rows.size() == 0) return;
    row = {.log_id = std::string(rows.Text(0, 0)),
           .head = rows.Integer(0, 1),
           .compacted = rows.Integer(0, 2),
           .newest_time = rows.Integer(0, 3),
           .stubs_are_read = rows.Integer(0, 4)};
  });
  connection.AwaitAnswers();
  if (!row.has_value()) ThrowLostHead();
  return *std::move(row);
}

void StoreLogId(Connection& connection, const std::string& log_id) {
  connection.sql() << "UPDATE event_log SET log_id = :log_id", soci::use(log_id);
}

void StoreThatStubsAreRead(Connection& connection) {
  connection.sql() << "UPDATE event_log SET stubs_are_read = 1";
}

void StoreEvents(Connection& connection, const std::vector<EventPointer>& events,
                 const std::vector<std::int64_t>& times, const std::vector<std::string>& stubs) {
  RowInsert& rows = connection.Prepared<EventRows>().insert;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = *events[i];
    rows.Integer(event.position)
        .Text(event.org_id)
        .Text(stubs[i].empty() ? event.subject : "")
        .Integer(times[i])
        .Bytes(stubs[i].empty() ? event.payload : stubs[i])
        .EndRow();
  }
  const std::int64_t head = events.back()->position;
  if (connection.kind() == DatabaseKind::kPostgres) {
    connection.Ask(RaiseHeadAndNotify(), {std::to_string(head), std::to_string(times.back())},
                   nullptr);
    return;
  }
  auto& statement = connection.Prepared<RaiseHead>();
  statement.raise.Run(head, times.back());
}

void StorePayload(Connection& connection, const Event& event, std::string_view payload) {
  auto& statement = connection.Prepared<PayloadStatement>();
  statement.update.Run(connection.ToColumn(payload), event.position, event.org_id);
}

std::vector<EventPointer> LoadEvents(Connection& connection, std::int64_t position, int limit,
                                     std::size_t bytes_max, const CompleteStubs& complete) {
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
  for (bool more = statement.load.Run(); more;) {
    for (std::shared_ptr<Event>& event : Fetched(connection, statement, complete)) {
      if (bytes >= bytes_max) break;
      bytes += event->payload.size();
      events.push_back(std::move(event));
    }
    more = statement.positions.size() == rows && bytes < bytes_max && statement.load.Fetch();
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
