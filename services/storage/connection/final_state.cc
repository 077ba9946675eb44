#include "services/storage/connection/final_state.h"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "services/storage/connection/connection.h"
#include "services/storage/connection/native.h"

namespace marginalia {
namespace {

constexpr char kUndefinedTable[] = "42P01";  // PostgreSQL's manual, appendix A

std::optional<std::string> OfSqlite(const soci::sqlite3_soci_error& error) {
  switch (error.result() & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the database file is damaged: restore it from a backup, then start again";
    case SQLITE_READONLY:
      return "the database file can only be read: make it and its folder writable, then start "
             "again";
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> FinalStateIn(const std::exception& error) {
  if (const auto* state = dynamic_cast<const FinalState*>(&error)) return state->what();
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    return OfSqlite(*sqlite);
  }
  const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  if (postgres == nullptr || postgres->sqlstate() != kUndefinedTable) return std::nullopt;
  return "a table is gone from the database, which is not the one that this process was started "
         "on: look where --database_url leads, then start again";
}

void CheckFileInPlace(Connection& connection) {
  if (connection.kind() != DatabaseKind::kSqlite) return;
  int moved = 0;
  const int asked = sqlite_api::sqlite3_file_control(NativeSqlite(connection.sql()), "main",
                                                     SQLITE_FCNTL_HAS_MOVED, &moved);
  if (asked != SQLITE_OK || moved == 0) return;
  throw FinalState(
      "the database file was moved, removed or replaced while it was open: put the right one in "
      "its place, then start again; nothing may touch it while the process runs");
}

}  // namespace marginalia
