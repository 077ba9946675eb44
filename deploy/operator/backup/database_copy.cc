#include "deploy/operator/backup/database_copy.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "deploy/operator/backup/table_digest.h"

namespace marginalia {
namespace {

constexpr int kPagesPerStep = 1'024;

absl::Status WithRoom(const absl::Status& failure, const SqliteFile& source,
                      const std::string& to) {
  if (!absl::IsResourceExhausted(failure)) return failure;
  std::error_code unknown;
  const std::filesystem::space_info room = std::filesystem::space(to, unknown);
  const auto pages = SelectInteger(source, "PRAGMA page_count");
  const auto page_bytes = SelectInteger(source, "PRAGMA page_size");
  return absl::ResourceExhaustedError(absl::StrCat(
      "no room for ", to, ": the database takes ", pages.value_or(0) * page_bytes.value_or(0),
      " bytes, and ", unknown ? 0 : room.available, " were left on that disk"));
}

absl::Status CopyPages(SqliteFile& source, SqliteFile& copy) {
  sqlite3_backup* backup = sqlite3_backup_init(copy.native(), "main", source.native(), "main");
  const std::string doing = absl::StrCat("copy ", source.path(), " to");
  if (backup == nullptr) return copy.Failure(doing);
  int result = SQLITE_OK;
  while (result == SQLITE_OK) result = sqlite3_backup_step(backup, kPagesPerStep);
  // The failure is reported once more, and then stands in the copy's connection.
  sqlite3_backup_finish(backup);
  return result == SQLITE_DONE ? absl::OkStatus() : copy.Failure(doing);
}

}  // namespace

absl::StatusOr<std::string> CopyDatabase(SqliteFile& source, const std::string& to) {
  const auto copy = SqliteFile::Open(to, SqliteAccess::kPrivate);
  if (!copy.ok()) return copy.status();
  // Whoever makes the file puts it on the disk, as a whole, and nobody wants half of it back.
  absl::Status status = (*copy)->Run("PRAGMA synchronous = OFF");
  if (status.ok()) status = (*copy)->Run("PRAGMA journal_mode = OFF");
  // The one transaction that the pages and the digest are both read in.
  if (status.ok()) status = source.Run("BEGIN");
  if (status.ok()) status = SelectInteger(source, "SELECT count(*) FROM sqlite_schema").status();
  if (status.ok()) status = CopyPages(source, **copy);
  if (!status.ok()) return WithRoom(status, source, to);
  absl::StatusOr<std::string> digest = TableDigest(source);
  const absl::Status ended = source.Run("COMMIT");
  return ended.ok() ? digest : ended;
}

}  // namespace marginalia
