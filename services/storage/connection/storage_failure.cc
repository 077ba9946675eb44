#include "services/storage/connection/storage_failure.h"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cerrno>
#include <string>

#include "absl/strings/match.h"
#include "services/errors/errors.h"
#include "services/process/log.h"
#include "services/storage/connection/connection.h"
#include "services/storage/connection/native.h"

namespace marginalia {
namespace {

constexpr absl::Duration kLockedRetryAfter = absl::Milliseconds(100);
constexpr absl::Duration kUnavailableRetryAfter = absl::Milliseconds(500);
constexpr absl::Duration kFullRetryAfter = absl::Seconds(5);

enum class Failure { kFull, kLocked, kUnavailable, kOther };

// The C errno beneath an I/O error: SQLite calls a full disk SQLITE_FULL only where it was writing
// data.
bool IsNoSpace(int system_error) { return system_error == ENOSPC || system_error == EDQUOT; }

Failure OfSqlite(const soci::sqlite3_soci_error& error, int system_error) {
  switch (error.result() & 0xff) {
    case SQLITE_FULL:
      return Failure::kFull;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return IsNoSpace(system_error) ? Failure::kFull : Failure::kUnavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Failure::kLocked;
    case SQLITE_READONLY:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_NOMEM:
      return Failure::kUnavailable;
    default:
      return Failure::kOther;
  }
}

// Codes: PostgreSQL's manual, appendix A.
Failure OfPostgres(const soci::postgresql_soci_error& error) {
  const std::string state = error.sqlstate();
  if (state == "53100") return Failure::kFull;
  if (state == "55P03" || state == "40001" || state == "40P01") return Failure::kLocked;
  if (IsConnectionLost(error)) return Failure::kUnavailable;
  // Out of resources, cancelled by the operator or by a time limit.
  if (absl::StartsWith(state, "53") || state == "57014") return Failure::kUnavailable;
  return Failure::kOther;
}

Failure Classify(const Connection& connection, const std::exception& error) {
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    auto& session = const_cast<Connection&>(connection).sql();
    return OfSqlite(*sqlite, sqlite_api::sqlite3_system_errno(NativeSqlite(session)));
  }
  if (const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error)) {
    return OfPostgres(*postgres);
  }
  return IsConnectionLost(error) ? Failure::kUnavailable : Failure::kOther;
}

}  // namespace

bool IsConnectionLost(const std::exception& error) {
  const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  if (postgres == nullptr) return false;
  const std::string state = postgres->sqlstate();
  // No code at all: the error is libpq's own, which never reached a server or got no answer from
  // it.
  if (state.find_first_not_of(' ') == std::string::npos) return true;
  // 25006: connected to what has become a standby. 25P03: ended for standing still in a
  // transaction.
  return absl::StartsWith(state, "08") || absl::StartsWith(state, "57P") || state == "25006" ||
         state == "25P03" || state == "53300" ||
         postgres->get_error_category() == soci::soci_error::connection_error;
}

bool IsDeadlock(const std::exception& error) {
  const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  return postgres != nullptr && postgres->sqlstate() == std::string("40P01");
}

bool IsCorrupt(const std::exception& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  if (sqlite == nullptr) return false;
  const int code = sqlite->result() & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool IsKnownNotCommitted(const std::exception& error) {
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    const int code = sqlite->result() & 0xff;
    return code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_CONSTRAINT;
  }
  const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  return postgres != nullptr && !IsConnectionLost(error);
}

// The first line only: what PostgreSQL says below it holds values. what() of SOCI holds them too.
std::string WordsForLog(const std::exception& error) {
  const auto* soci_error = dynamic_cast<const soci::soci_error*>(&error);
  const std::string text = soci_error != nullptr ? soci_error->get_error_message() : error.what();
  return text.substr(0, text.find('\n'));
}

absl::Status DatabaseLocked() {
  return Refusal(absl::StatusCode::kUnavailable, "DATABASE_LOCKED",
                 "The database is locked by another process; retry.", {}, kLockedRetryAfter);
}

absl::Status StorageUnavailable() {
  return Refusal(absl::StatusCode::kUnavailable, "STORAGE_UNAVAILABLE",
                 "The storage is unavailable; retry.", {}, kUnavailableRetryAfter);
}

absl::Status StorageFailure(const Connection& connection, const std::exception& error) {
  Log(Severity::kError, "database error", {{"error", WordsForLog(error)}});
  switch (Classify(connection, error)) {
    case Failure::kFull:
      return Refusal(absl::StatusCode::kResourceExhausted, "STORAGE_FULL",
                     "The storage is full: nothing was written.", {}, kFullRetryAfter);
    case Failure::kLocked:
      return DatabaseLocked();
    case Failure::kUnavailable:
      return StorageUnavailable();
    case Failure::kOther:
      break;
  }
  return Refusal(absl::StatusCode::kInternal, "INTERNAL", "The storage failed unexpectedly.");
}

}  // namespace marginalia
