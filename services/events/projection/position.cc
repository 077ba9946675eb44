#include "services/events/projection/position.h"

#include "absl/strings/str_cat.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

constexpr char kSelectRow[] =
    "SELECT log_id, position, complete_until, rebuild_count FROM projection_position WHERE id = 1";

struct PositionStatements {
  explicit PositionStatements(Connection& connection)
      : read(connection, kSelectRow, soci::into(log_id), soci::into(position),
             soci::into(complete_until), soci::into(rebuild_count)),
        advance(connection,
                "UPDATE projection_position SET position = :position, "
                "complete_until = CASE WHEN complete_until > :least THEN complete_until "
                "ELSE :until END "
                "WHERE id = 1 AND log_id = :log AND position >= :before AND position < :to",
                soci::use(position, "position"), soci::use(complete_until, "least"),
                soci::use(complete_until, "until"), soci::use(log_id, "log"),
                soci::use(before, "before"), soci::use(position, "to")),
        // Nobody else writes to a SQLite file: its transaction began with the lock.
        lock(connection,
             absl::StrCat(kSelectRow,
                          connection.kind() == DatabaseKind::kPostgres ? " FOR UPDATE" : ""),
             soci::into(log_id), soci::into(position), soci::into(complete_until),
             soci::into(rebuild_count)),
        store(connection,
              "UPDATE projection_position SET log_id = :log, position = :position, "
              "complete_until = :until, rebuild_count = :count WHERE id = 1",
              soci::use(log_id, "log"), soci::use(position, "position"),
              soci::use(complete_until, "until"), soci::use(rebuild_count, "count")) {}

  ProjectionPosition Get() const {
    return {{log_id, position}, absl::FromUnixMicros(complete_until), rebuild_count};
  }

  std::string log_id;
  std::int64_t position = 0;
  std::int64_t before = 0;
  std::int64_t complete_until = 0;  // microseconds since 1970
  std::int64_t rebuild_count = 0;
  Statement read;
  Statement advance;
  Statement lock;
  Statement store;
};

// A message that does not tell leaves what is known: no row is smaller than this.
std::int64_t Micros(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : absl::ToUnixMicros(time);
}

}  // namespace

std::vector<std::string> ProjectionPosition::Schema() {
  return {
      "CREATE TABLE projection_position ("
      "id BIGINT NOT NULL PRIMARY KEY, "
      "log_id TEXT NOT NULL, "
      "position BIGINT NOT NULL, "
      "complete_until BIGINT NOT NULL, "
      "rebuild_count BIGINT NOT NULL)",
      "INSERT INTO projection_position (id, log_id, position, complete_until, rebuild_count) "
      "VALUES (1, '', 0, 0, 0)"};
}

ProjectionPosition ProjectionPosition::Read(Connection& connection) {
  auto& row = connection.Prepared<PositionStatements>();
  row.read.Run();
  return row.Get();
}

bool ProjectionPosition::Advance(Connection& connection, std::int64_t first_position,
                                 const LogPoint& to, absl::Time complete_until) {
  auto& row = connection.Prepared<PositionStatements>();
  row.log_id = to.log_id;
  row.position = to.position;
  row.before = first_position - 1;
  row.complete_until = Micros(complete_until);
  row.advance.Run();
  return row.advance.affected_rows() == 1;
}

ProjectionPosition ProjectionPosition::Lock(Connection& connection) {
  auto& row = connection.Prepared<PositionStatements>();
  row.lock.Run();
  return row.Get();
}

void ProjectionPosition::Store(Connection& connection, const ProjectionPosition& position) {
  auto& row = connection.Prepared<PositionStatements>();
  row.log_id = position.point.log_id;
  row.position = position.point.position;
  row.complete_until = Micros(position.complete_until);
  row.rebuild_count = position.rebuild_count;
  row.store.Run();
}

void PositionLock::Lock(Connection& connection) {
  if (connection.kind() == DatabaseKind::kPostgres) ProjectionPosition::Lock(connection);
}

}  // namespace marginalia
