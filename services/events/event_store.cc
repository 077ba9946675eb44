#include "services/events/event_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

// Rows that SOCI fetches at a time.
constexpr std::size_t kFetchRowsMax = 128;

struct LogRowStatements {
  explicit LogRowStatements(Connection& connection)
      : read((connection.sql().prepare << "SELECT log_id, head, compacted FROM event_log",
              soci::into(row.log_id), soci::into(row.head), soci::into(row.compacted))),
        // Nobody else writes to a SQLite file: its transaction began with the lock.
        lock((connection.sql().prepare << absl::StrCat(
                  "SELECT log_id, head, compacted FROM event_log",
                  connection.kind() == DatabaseKind::kPostgres ? " FOR UPDATE" : ""),
              soci::into(row.log_id), soci::into(row.head), soci::into(row.compacted))),
        raise((connection.sql().prepare << "UPDATE event_log SET head = :head",
               soci::use(row.head, "head"))) {}
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

// One row after the other, in one prepared statement: on SQLite nothing is faster.
struct InsertRows {
  explicit InsertRows(Connection& connection)
      : insert((connection.sql().prepare
                    << "INSERT INTO events (position, org_id, subject, event_time, payload) "
                       "VALUES (:position, :org_id, :subject, :event_time, :payload)",
                soci::use(position, "position"), soci::use(org_id, "org_id"),
                soci::use(subject, "subject"), soci::use(time, "event_time"),
                soci::use(payload, "payload"))) {}

  void Run(Connection& connection, const std::vector<EventPointer>& events,
           const std::vector<std::int64_t>& times) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Event& event = *events[i];
      position = event.position;
      org_id = event.org_id;
      subject = event.subject;
      time = times[i];
      payload = event.payload;
      insert.execute(true);
    }
  }

  std::int64_t position = 0;
  std::string org_id;
  std::string subject;
  std::int64_t time = 0;
  std::string payload;
  soci::statement insert;
};

// An array as PostgreSQL writes it, of texts.
void AppendArrayElement(std::string& array, std::string_view text) {
  array += array.empty() ? "{\"" : ",\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

// All rows in one statement: PostgreSQL takes a round trip for each.
struct InsertArrays {
  explicit InsertArrays(Connection& connection)
      : insert((connection.sql().prepare
                    << "INSERT INTO events (position, org_id, subject, event_time, payload) "
                       "SELECT * FROM unnest(CAST(:positions AS BIGINT[]), "
                       "CAST(:org_ids AS TEXT[]), CAST(:subjects AS TEXT[]), "
                       "CAST(:event_times AS BIGINT[]), CAST(:payloads AS BYTEA[]))",
                soci::use(positions, "positions"), soci::use(org_ids, "org_ids"),
                soci::use(subjects, "subjects"), soci::use(event_times, "event_times"),
                soci::use(payloads, "payloads"))) {}

  void Run(Connection& connection, const std::vector<EventPointer>& events,
           const std::vector<std::int64_t>& times) {
    for (std::string* array : {&positions, &org_ids, &subjects, &event_times, &payloads}) {
      array->clear();
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Event& event = *events[i];
      AppendArrayElement(positions, std::to_string(event.position));
      AppendArrayElement(org_ids, event.org_id);
      AppendArrayElement(subjects, event.subject);
      AppendArrayElement(event_times, std::to_string(times[i]));
      AppendArrayElement(payloads, connection.ToColumn(event.payload));
    }
    for (std::string* array : {&positions, &org_ids, &subjects, &event_times, &payloads}) {
      array->push_back('}');
    }
    insert.execute(true);
  }

  std::string positions;
  std::string org_ids;
  std::string subjects;
  std::string event_times;
  std::string payloads;
  soci::statement insert;
};

EventLogRow Fetch(LogRowStatements& statements, soci::statement& statement) {
  if (!statement.execute(true)) throw soci::soci_error("the event log has lost its head row");
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
  if (connection.kind() == DatabaseKind::kSqlite) {
    connection.Prepared<InsertRows>().Run(connection, events, times);
  } else {
    connection.Prepared<InsertArrays>().Run(connection, events, times);
  }
  auto& statements = connection.Prepared<LogRowStatements>();
  statements.row.head = events.back()->position;
  statements.raise.execute(true);
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

std::int64_t LoadEventTime(Connection& connection, std::int64_t position) {
  std::int64_t time = 0;
  connection.sql() << "SELECT event_time FROM events WHERE position = :position", soci::into(time),
      soci::use(position);
  return time;
}

void RemoveEvents(Connection& connection, std::int64_t compacted, std::int64_t position) {
  connection.sql() << "DELETE FROM events WHERE position > :compacted AND position <= :position",
      soci::use(compacted), soci::use(position);
  connection.sql() << "UPDATE event_log SET compacted = :position", soci::use(position);
}

}  // namespace marginalia
