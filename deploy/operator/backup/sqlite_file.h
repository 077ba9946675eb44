// A SQLite file as the operator's commands see it: through SQLite's own interface, because SOCI has
// no word for copying a live database and none for a table whose columns are not known. Used by one
// thread.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_SQLITE_FILE_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_SQLITE_FILE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace marginalia {

// How long a statement waits for a lock that the service holds for a moment.
inline constexpr int kSqliteLockWaitMs = 5'000;

enum class SqliteAccess {
  // A database that its service may be writing to: reads only, and never checkpoints, which in this
  // version of SQLite only one connection may do.
  kLive,
  // A file that nobody writes to any more, and that stands without a write-ahead log: reads only,
  // and leaves nothing beside it.
  kFinished,
  // A file that nobody else has: made if need be.
  kPrivate,
};

class SqliteFile {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteFile>> Open(const std::string& path,
                                                          SqliteAccess access);

  const std::string& path() const { return path_; }
  sqlite3* native() const { return database_.get(); }

  // Runs a statement that answers nothing that matters.
  absl::Status Run(const std::string& sql);
  // The failure that SQLite reported last: DATA_LOSS for a damaged file, RESOURCE_EXHAUSTED for a
  // full disk, FAILED_PRECONDITION for a statement that its tables do not fit, else UNAVAILABLE.
  absl::Status Failure(std::string_view doing) const;

 private:
  SqliteFile(std::string path, sqlite3* database)
      : path_(std::move(path)), database_(database, sqlite3_close) {}

  std::string path_;
  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database_;
};

// The rows of one SELECT, one after the other, never all at once.
class SqliteRows {
 public:
  // The file must outlive it.
  SqliteRows(const SqliteFile& file, const std::string& sql);

  // Of the statement's parameter `number`, from 1 on; before the first Next.
  void Bind(int number, const std::string& text);
  // Goes to the first or next row. False at the end, and when status() says what failed.
  bool Next();
  const absl::Status& status() const { return status_; }

  int columns() const { return sqlite3_column_count(statement_.get()); }
  int TypeOf(int column) const { return sqlite3_column_type(statement_.get(), column); }
  std::int64_t Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  // Valid until the next call of Next.
  std::string_view Bytes(int column) const;
  std::string Text(int column) const { return std::string(Bytes(column)); }

 private:
  const SqliteFile& file_;
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement_;
  absl::Status status_;
};

// The one integer, or the one text, that a SELECT answers with. DATA_LOSS when there is no row.
absl::StatusOr<std::int64_t> SelectInteger(const SqliteFile& file, const std::string& sql);
absl::StatusOr<std::string> SelectText(const SqliteFile& file, const std::string& sql);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_SQLITE_FILE_H_
