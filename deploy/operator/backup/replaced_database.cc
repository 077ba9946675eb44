#include "deploy/operator/backup/replaced_database.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "deploy/operator/backup/sqlite_file.h"
#include "deploy/operator/unfinished_file.h"

namespace marginalia {
namespace {

// A database's write-ahead log, or what SQLite would roll back with at its next opening.
constexpr const char* kLogs[] = {"-wal", "-journal"};

bool IsThere(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

bool HoldsSomething(const std::string& path) {
  std::error_code missing;
  const std::uintmax_t bytes = std::filesystem::file_size(path, missing);
  return !missing && bytes > 0;
}

// Only a process that has the service's lock may do this: see SqliteAccess::kLive.
absl::Status CopyLogBack(const SqliteFile& database) {
  SqliteRows rows(database, "PRAGMA wal_checkpoint(TRUNCATE)");
  const bool busy = rows.Next() && rows.Integer(0) != 0;
  if (!rows.status().ok() || !busy) return rows.status();
  return absl::UnavailableError(
      absl::StrCat(database.path(),
                   " is being read by another process, such as a backup: wait "
                   "for it"));
}

// Only a database that its service cannot open has a log that holds something by now. On the disk
// before the database changes: the new one must never meet the old one's log.
absl::Status MoveLogs(const std::string& from, const std::string& to) {
  for (const char* log : kLogs) {
    if (!HoldsSomething(from + log)) {
      unlink((from + log).c_str());
    } else if (rename((from + log).c_str(), (to + log).c_str()) != 0) {
      return FileFailure("rename", from + log, errno);
    }
  }
  return SyncFolderOf(from);
}

absl::Status IsOfSameService(const SqliteFile& database, DatabaseContents contents) {
  const absl::StatusOr<DatabaseFacts> facts = IdentifyDatabase(database);
  // What cannot be read is what a restore is for.
  if (!facts.ok() || facts->contents == contents) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(database.path(), " is the other service's database: nothing was changed"));
}

}  // namespace

bool HasLog(const std::string& path) {
  return std::any_of(std::begin(kLogs), std::end(kLogs),
                     [&path](const char* log) { return HoldsSomething(path + log); });
}

bool HasDatabase(const std::string& path) { return IsThere(path) || HasLog(path); }

std::string KeptPath(const std::string& path) {
  return absl::StrCat(path, ".replaced-",
                      absl::FormatTime("%Y%m%dT%H%M%E6SZ", absl::Now(), absl::UTCTimeZone()));
}

absl::Status StandAlone(const std::string& path, DatabaseContents contents) {
  if (!HoldsSomething(path)) return absl::OkStatus();
  const auto database = SqliteFile::Open(path, SqliteAccess::kPrivate);
  if (!database.ok()) return absl::OkStatus();
  absl::Status status = IsOfSameService(**database, contents);
  if (status.ok()) status = CopyLogBack(**database);
  return absl::IsDataLoss(status) ? absl::OkStatus() : status;
}

absl::Status SetAside(const std::string& path, const std::string& kept) {
  const absl::Status moved = MoveLogs(path, kept);
  if (!moved.ok()) return moved;
  const unsigned how = IsThere(path) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  unlink(absl::StrCat(path, "-shm").c_str());
  if (renameat2(AT_FDCWD, kept.c_str(), AT_FDCWD, path.c_str(), how) != 0) {
    const absl::Status failure =
        FileFailure(absl::StrCat("put ", kept, " in the place of"), path, errno);
    MoveLogs(kept, path).IgnoreError();
    unlink(kept.c_str());
    return failure;
  }
  return SyncFolderOf(path);
}

}  // namespace marginalia
