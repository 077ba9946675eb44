#include "services/storage/migrations.h"

#include <soci/postgresql/soci-postgresql.h>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/connection.h"
#include "services/storage/connection/write_transaction.h"

namespace marginalia {
namespace {

// Between two tries to get the lock.
constexpr absl::Duration kLockPause = absl::Milliseconds(50);
constexpr char kPostgresOnly[] = "{postgres_only}";
constexpr char kSqliteOnly[] = "{sqlite_only}";
constexpr char kLockNotAvailable[] = "55P03";  // PostgreSQL's manual, appendix A

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
  const TenantScope all(connection, Tenants::All());
  connection.AllowLongStatements();
  for (const std::string& statement : migration.statements) {
    const std::string sql = ForDatabase(statement, connection.kind());
    if (!sql.empty()) connection.sql() << sql;
  }
  const std::int64_t now = absl::ToUnixMicros(absl::Now());
  connection.sql() << "INSERT INTO schema_migrations (number, name, applied_at) "
                      "VALUES (:number, :name, :applied_at)",
      soci::use(migration.number), soci::use(migration.name), soci::use(now);
}

bool HasMigrationsTable(Connection& connection) {
  int tables = 0;
  connection.sql() << (connection.kind() == DatabaseKind::kSqlite
                           ? "SELECT count(*) FROM sqlite_master"
                             " WHERE type = 'table' AND name = 'schema_migrations'"
                           : "SELECT count(to_regclass('schema_migrations'))"),
      soci::into(tables);
  return tables > 0;
}

// Whether nothing is missing. Most starts find that, and then need neither the lock nor the right
// to change the schema.
absl::StatusOr<bool> IsComplete(Connection& connection, const ConnectionTarget& target,
                                const Migrations& migrations) {
  WriteTransaction transaction(connection);
  if (!HasMigrationsTable(connection)) return false;
  absl::Status fits = CheckApplied(connection, target, migrations);
  if (!fits.ok()) return fits;
  return AppliedCount(connection) == static_cast<int>(migrations.size());
}

// Held until the transaction ends. SQLite has its own, which BEGIN IMMEDIATE took.
bool TryMigrationLock(Connection& connection) {
  if (connection.kind() == DatabaseKind::kSqlite) return true;
  int taken = 0;
  connection.sql() << absl::StrCat("SELECT CAST(pg_try_advisory_xact_lock(", kMigrationLock,
                                   ") AS INTEGER)"),
      soci::into(taken);
  connection.sql() << absl::StrCat("SET LOCAL lock_timeout = ",
                                   absl::ToInt64Milliseconds(kTableWaitMax));
  return taken != 0;
}

bool IsLockTimeout(const std::exception& error) {
  const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  return postgres != nullptr && postgres->sqlstate() == kLockNotAvailable;
}

enum class Step { kApplied, kLocked };

// Applies the first migration that is missing, if any still is once the lock is held.
absl::StatusOr<Step> ApplyNext(Connection& connection, const ConnectionTarget& target,
                               const Migrations& migrations) {
  WriteTransaction transaction(connection);
  if (!TryMigrationLock(connection)) return Step::kLocked;
  connection.sql() << "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, "
                      "name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
  absl::Status fits = CheckApplied(connection, target, migrations);
  if (!fits.ok()) return fits;
  const std::size_t applied = AppliedCount(connection);
  try {
    if (applied < migrations.size()) Apply(connection, migrations[applied]);
  } catch (const std::exception& error) {
    if (IsLockTimeout(error)) return Step::kLocked;
    Log(Severity::kError, "a migration failed and has left nothing",
        {{"database", std::string_view(target.description)},
         {"number", static_cast<std::int64_t>(migrations[applied].number)},
         {"name", std::string_view(migrations[applied].name)}});
    throw;
  }
  transaction.Commit();
  return Step::kApplied;
}

// Names the process that holds the lock, where there is one.
absl::Status StillLocked(Connection& connection, const ConnectionTarget& target,
                         absl::Duration waited) {
  int pid = 0;
  connection.RunAlone([&pid](soci::session& sql) {
    sql << absl::StrCat(
        "SELECT coalesce(min(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND objsubid = 1 AND database = (SELECT oid FROM pg_database"
        " WHERE datname = current_database()) AND (CAST(classid AS BIGINT) << 32) + CAST(objid AS"
        " BIGINT) = ",
        kMigrationLock),
        soci::into(pid);
  });
  return absl::UnavailableError(absl::StrCat(
      "the migrations of ", target.description, " were locked out for ",
      absl::FormatDuration(waited), ": ",
      pid != 0
          ? absl::StrCat("another process is migrating it (pid ", pid,
                         " in pg_stat_activity); let it finish or end it, then start again")
          : "a table that they change is in use all the time; look in pg_stat_activity for long "
            "transactions, then start again"));
}

}  // namespace

std::string ForDatabase(std::string_view statement, DatabaseKind kind) {
  absl::string_view text(statement.data(), statement.size());
  if (absl::ConsumePrefix(&text, kPostgresOnly) && kind == DatabaseKind::kSqlite) return "";
  if (absl::ConsumePrefix(&text, kSqliteOnly) && kind != DatabaseKind::kSqlite) return "";
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
                             const Migrations& migrations, absl::Duration wait_max) {
  const SteadyTime until = SteadyTime::Now() + wait_max;
  while (true) {
    const absl::StatusOr<bool> complete = IsComplete(connection, target, migrations);
    if (!complete.ok() || *complete) return complete.status();
    const absl::StatusOr<Step> step = ApplyNext(connection, target, migrations);
    if (!step.ok()) return step.status();
    if (*step == Step::kApplied) continue;
    if (until.passed()) return StillLocked(connection, target, wait_max);
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kLockPause));
  }
}

}  // namespace marginalia
