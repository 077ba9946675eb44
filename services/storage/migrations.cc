#include "services/storage/migrations.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "services/storage/connection.h"
#include "services/storage/write_transaction.h"

namespace marginalia {
namespace {

// Any fixed number does, as long as all processes take the same.
constexpr std::int64_t kMigrationLock = 0x4d617267696e;
// Another replica may be busy with a long migration: wait for it rather than fail to start.
constexpr char kPostgresOnly[] = "{postgres_only}";
constexpr char kWaitForOtherReplica[] = "SET LOCAL lock_timeout = '60s'";

std::string Identifier(int number, std::string_view name) {
  return absl::StrCat(number, " (", std::string(name), ")");
}

int AppliedCount(Connection& connection) {
  int count = 0;
  connection.sql() << "SELECT count(*) FROM schema_migrations", soci::into(count);
  return count;
}

// The applied migrations must be the first ones of ours: else the file belongs to another program
// or to a newer version of this one.
absl::Status CheckApplied(Connection& connection, const ConnectionTarget& target,
                          const Migrations& migrations) {
  const int applied = AppliedCount(connection);
  const int known = static_cast<int>(migrations.size());
  if (applied > known) {
    return absl::FailedPreconditionError(absl::StrCat(target.description, " is at version ",
                                                      applied, ", this binary knows ", known,
                                                      ": run a newer binary"));
  }
  for (int i = 0; i < applied; ++i) {
    std::string name;
    connection.sql() << "SELECT name FROM schema_migrations WHERE number = :number",
        soci::into(name), soci::use(migrations[i].number);
    if (name == migrations[i].name) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        target.description, " has migration ", Identifier(i + 1, name), " where this binary has ",
        Identifier(i + 1, migrations[i].name), ": it belongs to another program"));
  }
  return absl::OkStatus();
}

void Apply(Connection& connection, const Migration& migration) {
  connection.ActFor(Tenants::All());
  for (const std::string& statement : migration.statements) {
    const std::string sql = ForDatabase(statement, connection.kind());
    if (!sql.empty()) connection.sql() << sql;
  }
  const std::int64_t now = absl::ToUnixMicros(absl::Now());
  connection.sql() << "INSERT INTO schema_migrations (number, name, applied_at) "
                      "VALUES (:number, :name, :applied_at)",
      soci::use(migration.number), soci::use(migration.name), soci::use(now);
}

}  // namespace

std::string ForDatabase(std::string_view statement, DatabaseKind kind) {
  absl::string_view text(statement.data(), statement.size());
  if (absl::ConsumePrefix(&text, kPostgresOnly) && kind == DatabaseKind::kSqlite) return "";
  if (kind == DatabaseKind::kSqlite) {
    return absl::StrReplaceAll(text, {{"{bytes}", "BLOB"},
                                      {"{clustered}", "WITHOUT ROWID"},
                                      {"{integer_key}", "INTEGER"},
                                      {"{c_collation}", ""}});
  }
  return absl::StrReplaceAll(text, {{"{bytes}", "BYTEA"},
                                    {"{clustered}", ""},
                                    {"{integer_key}", "BIGINT"},
                                    {"{c_collation}", "COLLATE \"C\""}});
}

absl::Status ApplyMigrations(Connection& connection, const ConnectionTarget& target,
                             const Migrations& migrations) {
  for (bool finished = false; !finished;) {
    WriteTransaction transaction(connection);
    if (connection.kind() == DatabaseKind::kPostgres) {
      connection.sql() << kWaitForOtherReplica;
      connection.sql() << absl::StrCat("SELECT pg_advisory_xact_lock(", kMigrationLock, ")");
    }
    connection.sql() << "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, "
                        "name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
    absl::Status fits = CheckApplied(connection, target, migrations);
    if (!fits.ok()) return fits;
    const std::size_t applied = AppliedCount(connection);
    finished = applied == migrations.size();
    if (!finished) Apply(connection, migrations[applied]);
    transaction.Commit();
  }
  return absl::OkStatus();
}

}  // namespace marginalia
