// Numbered schema changes, applied in order, each once, each in its own transaction. What has been
// applied stands in the table schema_migrations.
#ifndef MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_
#define MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

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
//                    statement
struct Migration {
  int number = 0;  // 1, 2, 3 … without gaps
  std::string name;
  std::vector<std::string> statements;
};

using Migrations = std::vector<Migration>;

// `statement` with the placeholders filled in; empty when this database goes without it.
std::string ForDatabase(std::string_view statement, DatabaseKind kind);

// Applies what is missing, on the writing connection and for all tenants; safe when several
// processes start at once. FAILED_PRECONDITION when the database is newer than `migrations` or was
// made from others. Throws what SOCI throws.
absl::Status ApplyMigrations(Connection& connection, const ConnectionTarget& target,
                             const Migrations& migrations);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_MIGRATIONS_H_
