#include "services/storage/database.h"

#include <array>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/read_queue.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/connection/storage_failure.h"
#include "services/storage/connection/wal_mark.h"
#include "services/storage/connection/write_transaction.h"
#include "services/storage/database_url.h"
#include "services/storage/file_lock.h"

namespace marginalia {
namespace {

constexpr absl::Duration kReconnectPause = absl::Milliseconds(50);
// The PostgreSQL that keeps the version of a database's collation.
constexpr int kCollationVersionsFrom = 150000;

absl::Status Corrupt(const ConnectionTarget& target, std::string_view finding) {
  return absl::DataLossError(absl::StrCat(target.description, " is corrupt (", std::string(finding),
                                          "): restore it from a backup"));
}

// A whole check of a small file; of a large one SQLite has read header and schema by now.
absl::Status CheckIntegrity(Connection& connection, const DatabaseUrl& url) {
  std::int64_t tables = 0;
  connection.sql() << "SELECT count(*) FROM sqlite_schema", soci::into(tables);
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(url.path, error);
  if (error || bytes > kQuickCheckBytesMax) return absl::OkStatus();
  std::string finding;
  connection.sql() << "PRAGMA quick_check(1)", soci::into(finding);
  return finding == "ok" ? absl::OkStatus() : Corrupt(url.target, finding);
}

// Texts go back as they came, and ids are compared by their bytes: no other encoding does both.
absl::Status CheckEncoding(Connection& connection, const ConnectionTarget& target) {
  std::string encoding;
  connection.RunAlone([&encoding](soci::session& sql) {
    sql << "SELECT pg_encoding_to_char(encoding) FROM pg_database"
           " WHERE datname = current_database()",
        soci::into(encoding);
  });
  if (encoding == "UTF8") return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(target.description, " has the encoding ", encoding,
                   ": make a database with ENCODING 'UTF8' TEMPLATE template0"));
}

// PostgreSQL says so too, to whoever reads its client's standard error.
void WarnOfOtherCollation(Connection& connection, const ConnectionTarget& target) {
  int version = 0;
  int differs = 0;
  connection.RunAlone([&](soci::session& sql) {
    sql << "SELECT current_setting('server_version_num')::int", soci::into(version);
    if (version < kCollationVersionsFrom) return;
    sql << "SELECT coalesce((datcollversion <> pg_database_collation_actual_version(oid))::int, 0)"
           " FROM pg_database WHERE datname = current_database()",
        soci::into(differs);
  });
  if (differs == 0) return;
  Log(Severity::kError,
      "texts are ordered otherwise than when the database's indexes were made, so these may miss "
      "rows: stop the processes, REINDEX DATABASE, then ALTER DATABASE ... REFRESH COLLATION "
      "VERSION",
      {{"database", target.description}});
}

void WarnWithoutTenantWall(Connection& connection, const ConnectionTarget& target) {
  if (!connection.BypassesTenantWall()) return;
  Log(Severity::kWarning,
      "the database role is a superuser or has BYPASSRLS, so row-level security does not keep "
      "tenants apart behind the service's own checks: connect as a plain role that owns the "
      "database",
      {{"database", target.description}});
}

absl::Status OpenFailure(const ConnectionTarget& target, const std::exception& error) {
  const std::string words = WordsForLog(error);
  if (IsCorrupt(error)) return Corrupt(target, words);
  return absl::UnavailableError(absl::StrCat("cannot open ", target.description, ": ", words));
}

}  // namespace

struct Database::State {
  // A place for a reading connection; there is none in it before its first use and after a loss.
  struct Reader {
    std::unique_ptr<Connection> connection;
  };

  DatabaseUrl url;
  std::unique_ptr<FileLock> lock;  // before the connections, so that it goes after them
  // Before all the others, so that it closes last, and then copies back what is left of the log.
  std::unique_ptr<Connection> writer;
  std::unique_ptr<WalMark> wal_mark;  // SQLite only
  std::array<Reader, kReadersMax> readers;
  std::mutex mutex;
  std::condition_variable returned;
  std::vector<Reader*> idle;              // guarded by mutex; the last one used on top
  std::unique_ptr<ReadQueue> read_queue;  // PostgreSQL only

  Reader* Lease(SteadyTime until) {
    std::unique_lock guard(mutex);
    if (!returned.wait_until(guard, until.ToChrono(), [this] { return !idle.empty(); })) {
      return nullptr;
    }
    Reader* reader = idle.back();
    idle.pop_back();
    return reader;
  }

  void Return(Reader* reader) {
    {
      const std::lock_guard guard(mutex);
      idle.push_back(reader);
    }
    returned.notify_one();
  }

  // Opens the transaction of a read. A connection that was lost while nobody used it is replaced,
  // again and again until `until`: a server that restarts is back within it.
  absl::Status BeginRead(Reader& reader, SteadyTime until, const Tenants& tenants);
  absl::Status ReadOn(Reader& reader, SteadyTime until, const Tenants& tenants,
                      absl::FunctionRef<absl::Status(Connection&)> read);
};

absl::Status Database::State::BeginRead(Reader& reader, SteadyTime until, const Tenants& tenants) {
  while (true) {
    const bool connected = reader.connection != nullptr;
    try {
      if (!connected) {
        reader.connection = std::make_unique<Connection>(url.target, ConnectionRole::kReader);
      }
      reader.connection->Begin(tenants);
      return absl::OkStatus();
    } catch (const std::exception& error) {
      const bool lost = reader.connection == nullptr || IsConnectionLost(error);
      if (!lost) {
        absl::Status failure = StorageFailure(*reader.connection, error);
        reader.connection->Rollback();
        return failure;
      }
      reader.connection.reset();
      if (url.target.kind == DatabaseKind::kSqlite || SteadyTime::Now() > until) {
        Log(Severity::kError, "cannot connect to the database", {{"error", WordsForLog(error)}});
        return StorageUnavailable();
      }
    }
    if (!connected) std::this_thread::sleep_for(absl::ToChronoMilliseconds(kReconnectPause));
  }
}

absl::Status Database::State::ReadOn(Reader& reader, SteadyTime until, const Tenants& tenants,
                                     absl::FunctionRef<absl::Status(Connection&)> read) {
  absl::Status begun = BeginRead(reader, until, tenants);
  if (!begun.ok()) return begun;
  Connection& connection = *reader.connection;
  try {
    absl::Status status = read(connection);
    connection.Commit();
    return status;
  } catch (const std::exception& error) {
    absl::Status failure = StorageFailure(connection, error);
    connection.Rollback();
    if (IsConnectionLost(error)) reader.connection.reset();
    return failure;
  }
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& url,
                                                         const Migrations& migrations) {
  absl::StatusOr<DatabaseUrl> parsed = ParseDatabaseUrl(url);
  if (!parsed.ok()) return parsed.status();
  auto state = std::make_unique<State>();
  state->url = *std::move(parsed);
  const ConnectionTarget& target = state->url.target;
  const bool sqlite = target.kind == DatabaseKind::kSqlite;
  if (sqlite) {
    auto lock = FileLock::Take(absl::StrCat(state->url.path, ".lock"));
    if (!lock.ok()) return lock.status();
    state->lock = *std::move(lock);
  }
  try {
    state->writer = std::make_unique<Connection>(target, ConnectionRole::kWriter);
    absl::Status fits =
        sqlite ? CheckIntegrity(*state->writer, state->url) : CheckEncoding(*state->writer, target);
    if (fits.ok()) fits = ApplyMigrations(*state->writer, target, migrations);
    if (!fits.ok()) return fits;
    if (sqlite) state->wal_mark = std::make_unique<WalMark>(target);
    WarnWithoutTenantWall(*state->writer, target);
    if (!sqlite) WarnOfOtherCollation(*state->writer, target);
  } catch (const std::exception& error) {
    return OpenFailure(target, error);
  }
  for (State::Reader& reader : state->readers) state->idle.push_back(&reader);
  if (!sqlite) {
    state->read_queue =
        std::make_unique<ReadQueue>(kReadersMax - 1, kReadsQueuedMax, kReaderWaitMax);
  }
  return std::unique_ptr<Database>(new Database(std::move(state)));
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Database::~Database() {
  // Its threads use the rest.
  state_->read_queue.reset();
}

DatabaseKind Database::kind() const { return state_->url.target.kind; }

absl::Status Database::Read(absl::FunctionRef<absl::Status(Connection&)> read) {
  return Read(Tenants(), read);
}

absl::Status Database::Read(const Tenants& tenants,
                            absl::FunctionRef<absl::Status(Connection&)> read) {
  const SteadyTime until = SteadyTime::Now() + kReaderWaitMax;
  State::Reader* reader = state_->Lease(until);
  if (reader == nullptr) return StorageUnavailable();
  absl::Status status = state_->ReadOn(*reader, until, tenants, read);
  state_->Return(reader);
  return status;
}

void Database::ReadThen(SteadyTime deadline, Tenants tenants,
                        absl::AnyInvocable<absl::Status(Connection&)> read,
                        absl::AnyInvocable<void(const absl::Status&)> done) {
  auto run = [this, tenants = std::move(tenants), read = std::move(read)]() mutable {
    return Read(tenants, [&read](Connection& connection) { return read(connection); });
  };
  if (state_->read_queue == nullptr) return done(run());
  state_->read_queue->Submit(deadline, std::move(run), std::move(done));
}

void Database::EndReads() {
  if (state_->read_queue != nullptr) state_->read_queue->End();
}

absl::Status Database::WriteAtStart(absl::FunctionRef<absl::Status(Connection&)> write) {
  try {
    WriteTransaction transaction(writer());
    absl::Status status = write(writer());
    if (status.ok()) transaction.Commit();
    return status;
  } catch (const std::exception& error) {
    return StorageFailure(writer(), error);
  }
}

std::unique_ptr<Notifications> Database::Listen(std::string channel,
                                                Notifications::Notified notified) {
  if (kind() == DatabaseKind::kSqlite) return nullptr;
  return std::make_unique<Notifications>(state_->url.target, std::move(channel),
                                         std::move(notified));
}

Connection& Database::writer() { return *state_->writer; }

WalMark* Database::wal_mark() { return state_->wal_mark.get(); }

void Database::ReconnectWriter() {
  state_->writer = std::make_unique<Connection>(state_->url.target, ConnectionRole::kWriter);
}

}  // namespace marginalia
