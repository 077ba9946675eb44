// Numbered schema changes, applied in order, each once, each in its own transaction. What has been
// applied stands in the table schema_migrations.
//
// While replicas are replaced one by one, the old version works on a schema that the new one has
// already changed. So a change is made in two releases:
//   expand    a release adds what it needs (a table, an index, a column that may be NULL or has a
//             default) and takes nothing away; the version before it knows nothing of it and goes
//             on. For that, statements name their columns: no SELECT *, no INSERT without a list.
//   contract  a later release, once no process of the version before is left, removes what nobody
//             uses any more, or makes a column NOT NULL.
// A rename is an added column, a release that writes both, and a removal. A process does not start
// on a database that is newer than itself, because it cannot know whether that was contracted; one
// that runs already is not disturbed.
#ifndef MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_
#define MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace marginalia {

class Connection;
enum class DatabaseKind;
struct ConnectionTarget;

// `statements` hold one SQL statement each (SQLite runs only the first of several). The storage
// puts in what the database at hand calls these:
//   {bytes}        the type of a bytes column
//   {clustered}    at the end of CREATE TABLE: stored in the order of its primary key
//   {integer_key}  the type of a 64-bit column that alone is the primary key; SQLite stores the
//                  table in its order by itself, so such a table is not {clustered}
//   {c_collation}  after the type of a text column that is ordered or ranged over: by bytes, which
//                  is SQLite's only order
//   {postgres_only}  at the beginning: SQLite has nothing of the kind and goes without the
//                    statement; {sqlite_only}: PostgreSQL does
struct Migration {
  int number = 0;  // 1, 2, 3 … without gaps
  std::string name;
  std::vector<std::string> statements;
};

using Migrations = std::vector<Migration>;

// `statement` with the placeholders filled in; empty when this database goes without it.
std::string ForDatabase(std::string_view statement, DatabaseKind kind);

// The advisory lock that a migrating process holds on PostgreSQL. Any fixed number does, as long as
// all processes take the same.
inline constexpr std::int64_t kMigrationLock = 0x4d617267696e;
// How long to wait, on PostgreSQL, for another process that migrates the same database, and for the
// tables that a migration changes.
inline constexpr absl::Duration kMigrationWaitMax = absl::Seconds(60);
// How long a migration waits at a time for a table that somebody is using. Everybody who comes
// later waits behind it, so it gives up and tries again until kMigrationWaitMax has passed.
inline constexpr absl::Duration kTableWaitMax = absl::Milliseconds(500);

// Applies what is missing, on the writing connection and for all tenants; safe when several
// processes start at once. With nothing missing it only reads. Errors: FAILED_PRECONDITION when the
// database is newer than `migrations` or was made from others; UNAVAILABLE when `wait_max` has
// passed. Throws what SOCI throws; the migration that failed has then left nothing.
absl::Status ApplyMigrations(Connection& connection, const ConnectionTarget& target,
                             const Migrations& migrations,
                             absl::Duration wait_max = kMigrationWaitMax);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_
