#include "deploy/operator/backup/sqlite_file.h"

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

// A file URI of SQLite's; the path is absolute or relative, as it is.
std::string ImmutableUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

absl::StatusCode CodeOf(int result) {
  switch (result & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_ERROR:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

absl::Status SetUp(SqliteFile& file, SqliteAccess access) {
  sqlite3_busy_timeout(file.native(), kSqliteLockWaitMs);
  if (access != SqliteAccess::kLive) return absl::OkStatus();
  sqlite3_db_config(file.native(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_autocheckpoint(file.native(), 0);
  return file.Run("PRAGMA query_only = ON");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteFile>> SqliteFile::Open(const std::string& path,
                                                             SqliteAccess access) {
  const bool immutable = access == SqliteAccess::kFinished;
  const int flags = access == SqliteAccess::kPrivate ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                    : immutable                      ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                                                     : SQLITE_OPEN_READONLY;
  const std::string name = immutable ? ImmutableUri(path) : path;
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &database, flags, nullptr);
  std::unique_ptr<SqliteFile> file(new SqliteFile(path, database));
  if (result != SQLITE_OK) return file->Failure("open");
  const absl::Status set_up = SetUp(*file, access);
  if (!set_up.ok()) return set_up;
  return file;
}

absl::Status SqliteFile::Run(const std::string& sql) {
  if (sqlite3_exec(native(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
    return absl::OkStatus();
  }
  return Failure("use");
}

absl::Status SqliteFile::Failure(std::string_view doing) const {
  const int result = sqlite3_errcode(native());
  const std::string words = sqlite3_errmsg(native());
  return absl::Status(CodeOf(result),
                      absl::StrCat("cannot ", std::string(doing), " ", path_, ": ", words));
}

SqliteRows::SqliteRows(const SqliteFile& file, const std::string& sql)
    : file_(file), statement_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(file.native(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    status_ = file.Failure("read");
  }
  statement_.reset(statement);
}

void SqliteRows::Bind(int number, const std::string& text) {
  if (!status_.ok()) return;
  sqlite3_bind_text(statement_.get(), number, text.data(), static_cast<int>(text.size()),
                    SQLITE_TRANSIENT);
}

bool SqliteRows::Next() {
  if (!status_.ok()) return false;
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) status_ = file_.Failure("read");
  return false;
}

std::string_view SqliteRows::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(bytes), bytes == nullptr ? 0 : static_cast<std::size_t>(size)};
}

absl::StatusOr<std::int64_t> SelectInteger(const SqliteFile& file, const std::string& sql) {
  SqliteRows rows(file, sql);
  if (rows.Next()) return rows.Integer(0);
  if (!rows.status().ok()) return rows.status();
  return absl::DataLossError(absl::StrCat(file.path(), " lacks a row: ", sql));
}

absl::StatusOr<std::string> SelectText(const SqliteFile& file, const std::string& sql) {
  SqliteRows rows(file, sql);
  if (rows.Next()) return rows.Text(0);
  if (!rows.status().ok()) return rows.status();
  return absl::DataLossError(absl::StrCat(file.path(), " lacks a row: ", sql));
}

}  // namespace marginalia
