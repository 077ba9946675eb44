#include "deploy/operator/backup/restore.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/operator/backup/database_facts.h"
#include "deploy/operator/backup/replaced_database.h"
#include "deploy/operator/shared_flags.h"
#include "deploy/operator/unfinished_file.h"
#include "services/storage/file_lock.h"

ABSL_FLAG(bool, replace, false,
          "Take the place of a database that is there already, which is kept aside.");
ABSL_FLAG(std::string, sha256, "", "What backup printed: refuse any other file.");

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Puts a backup in the place of the SQLite database of comments-service or invoice-service, "
    "which\n"
    "must be stopped. Verifies the backup first, as backup does. A database that is there already "
    "is\n"
    "left alone without --replace; with it, it is kept as PATH.replaced-TIME. The place changes "
    "hands\n"
    "in one step: killed at any moment, the service finds one database or the other. In that of\n"
    "comments-service the event log gets a new id, so that tokens and positions from after the "
    "backup\n"
    "are refused and invoice-service rebuilds its counts by itself. Exits with 0 when it is in "
    "place,\n"
    "1 when the backup is damaged, 2 when it could not be put there, and then\n"
    "nothing has changed, or when that it is there could not be reported.";

constexpr std::size_t kCopyBytes = 1024 * 1024;

absl::Status CopyFile(const std::string& from, UnfinishedFile& to) {
  std::ifstream file(from, std::ios::binary);
  std::vector<char> buffer(kCopyBytes);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    const absl::Status status = to.Append({buffer.data(), count});
    if (!status.ok()) return status;
  }
  return file.eof() ? absl::OkStatus() : absl::UnavailableError("cannot read " + from);
}

// What a copy by other means than backup may have left out.
absl::Status StandsWithoutLog(const std::string& backup) {
  if (!HasLog(backup)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(backup,
                   " has a write-ahead log or a journal beside it, so it is no backup: back it up "
                   "with the command backup first"));
}

// Verified, and the very file that was verified: a damaged byte in what was read for the copy would
// show in its sum.
absl::StatusOr<DatabaseFacts> VerifiedCopy(const std::string& backup, UnfinishedFile& copy) {
  const absl::Status alone = StandsWithoutLog(backup);
  if (!alone.ok()) return alone;
  const absl::StatusOr<FileDigest> sum = DigestOf(backup);
  if (!sum.ok()) return sum.status();
  const std::string expected = absl::GetFlag(FLAGS_sha256);
  if (!expected.empty() && expected != sum->sha256) {
    return absl::DataLossError(
        absl::StrCat(backup, " is not what was backed up: its sha256 is ", sum->sha256));
  }
  const absl::Status copied = CopyFile(backup, copy);
  if (!copied.ok()) return copied;
  const absl::StatusOr<FileDigest> copy_sum = copy.Digest();
  if (!copy_sum.ok()) return copy_sum.status();
  if (copy_sum->sha256 != sum->sha256) {
    return absl::DataLossError(absl::StrCat(copy.path(), " is not what ", backup, " is"));
  }
  const auto database = SqliteFile::Open(copy.path(), SqliteAccess::kFinished);
  if (!database.ok()) return database.status();
  return CheckDatabase(**database);
}

// Its service turns the write-ahead log on again. Until then the file stands alone.
absl::Status StartNewLog(const std::string& path) {
  const auto database = SqliteFile::Open(path, SqliteAccess::kPrivate);
  if (!database.ok()) return database.status();
  absl::Status status = (*database)->Run("PRAGMA locking_mode = EXCLUSIVE");
  if (status.ok()) status = (*database)->Run("PRAGMA journal_mode = DELETE");
  if (!status.ok()) return status;
  return (*database)->Run("UPDATE event_log SET log_id = lower(hex(randomblob(8)))");
}

absl::Status Replaces(const std::string& path) {
  if (absl::GetFlag(FLAGS_replace) || !HasDatabase(path)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(path, " is there already: with --replace it is kept aside"));
}

absl::Status Print(const std::string& path, DatabaseFacts facts) {
  const auto database = SqliteFile::Open(path, SqliteAccess::kFinished);
  if (!database.ok()) return database.status();
  if (facts.contents == DatabaseContents::kComments) {
    const auto log_id = SelectText(**database, "SELECT log_id FROM event_log");
    if (!log_id.ok()) return log_id.status();
    facts.log_id = *log_id;
  }
  return PrintFacts(**database, facts);
}

absl::Status Restore() {
  const absl::StatusOr<std::string> path = SqlitePathFromFlags();
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> backup = Required("from", FLAGS_from);
  if (!backup.ok()) return backup.status();
  const auto lock = FileLock::Take(*path + ".lock");
  if (!lock.ok()) {
    return absl::UnavailableError(absl::StrCat("the service of ", *path, " must be stopped first: ",
                                               std::string(lock.status().message())));
  }
  absl::Status status = Replaces(*path);
  if (!status.ok()) return status;
  const std::string kept = KeptPath(*path);
  const auto file = UnfinishedFile::Begin(kept);
  if (!file.ok()) return file.status();
  const absl::StatusOr<DatabaseFacts> facts = VerifiedCopy(*backup, **file);
  if (!facts.ok()) return facts.status();
  if (facts->contents == DatabaseContents::kComments) status = StartNewLog((*file)->path());
  if (status.ok()) status = StandAlone(*path, facts->contents);
  if (!status.ok()) return status;
  const bool replaces = std::filesystem::exists(*path);
  const std::string folder = std::filesystem::path(*path).parent_path();
  OwnLike(replaces ? *path : folder, (*file)->path());
  OwnLike(folder, *path + ".lock");
  status = (*file)->Finish();
  if (status.ok()) status = SetAside(*path, kept);
  if (!status.ok()) return status;
  status = Print(*path, *facts);
  std::printf("%-14s%s\n", "restored", path->c_str());
  if (replaces) std::printf("%-14s%s\n", "kept", kept.c_str());
  return status;
}

}  // namespace

Command RestoreCommand() {
  return {.name = "restore",
          .summary = "puts a backup in the place of a stopped service's SQLite database",
          .about = kAbout,
          .example =
              "marginalia-operator restore --from=comments-2026-11-24.db"
              " --database_url=sqlite:data/comments.db --replace",
          .flags = {"database_url", "from", "replace", "sha256"},
          .run = Restore};
}

}  // namespace marginalia
