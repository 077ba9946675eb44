#include "deploy/operator/backup/backup.h"

#include <cinttypes>
#include <cstdio>
#include <string>

#include "deploy/operator/backup/database_copy.h"
#include "deploy/operator/backup/database_facts.h"
#include "deploy/operator/backup/table_digest.h"
#include "deploy/operator/shared_flags.h"
#include "deploy/operator/unfinished_file.h"

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Copies the SQLite database of comments-service or invoice-service as of one moment, while "
    "the\n"
    "service reads and writes it. The copy gets its name only when it is on the disk and has been\n"
    "read back and verified: each row is the one that was copied, SQLite's own check passes, the\n"
    "schema is known, positions are without gaps, every tenant's audit chain leads to its end, "
    "and\n"
    "comments, audit entries and events belong together. Exits with 0 when it is there, 1 when "
    "the\n"
    "database or the copy turned out to be damaged, 2 when it could not be made, or not be\n"
    "reported; what stands under its name is whole and verified in any case.";

// The snapshot, copied; returns its digest. The source is let go again, so that the write-ahead log
// does not wait for the verification.
absl::StatusOr<std::string> CopyFrom(const std::string& path, const std::string& to) {
  const auto source = SqliteFile::Open(path, SqliteAccess::kLive);
  if (!source.ok()) return source.status();
  const absl::StatusOr<DatabaseFacts> known = IdentifyDatabase(**source);
  if (!known.ok()) return known.status();
  return CopyDatabase(**source, to);
}

absl::StatusOr<DatabaseFacts> VerifyCopy(const SqliteFile& copy, const std::string& digest) {
  absl::StatusOr<DatabaseFacts> facts = CheckDatabase(copy);
  if (!facts.ok()) return facts;
  const absl::StatusOr<std::string> copied = TableDigest(copy);
  if (!copied.ok()) return copied.status();
  if (*copied != digest) return Damaged(copy, "its rows are not those that were copied");
  return facts;
}

absl::Status BackUp() {
  const absl::StatusOr<std::string> path = SqlitePathFromFlags();
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> to = Required("to", FLAGS_to);
  if (!to.ok()) return to.status();
  const auto file = UnfinishedFile::Begin(*to);
  if (!file.ok()) return file.status();
  const absl::StatusOr<std::string> digest = CopyFrom(*path, (*file)->path());
  if (!digest.ok()) return digest.status();
  const auto copy = SqliteFile::Open((*file)->path(), SqliteAccess::kFinished);
  if (!copy.ok()) return copy.status();
  const absl::StatusOr<DatabaseFacts> facts = VerifyCopy(**copy, *digest);
  if (!facts.ok()) return facts.status();
  const absl::StatusOr<FileDigest> sum = (*file)->Digest();
  if (!sum.ok()) return sum.status();
  absl::Status status = (*file)->Finish();
  if (!status.ok()) return status;
  status = PrintFacts(**copy, *facts);
  std::printf("%-14s%" PRId64 "\n%-14s%s\n%-14s%s\n", "bytes", sum->bytes, "sha256",
              sum->sha256.c_str(), "backup", to->c_str());
  return status;
}

}  // namespace

Command BackupCommand() {
  return {.name = "backup",
          .summary = "copies a service's SQLite database while the service runs",
          .about = kAbout,
          .example =
              "marginalia-operator backup --database_url=sqlite:data/comments.db"
              " --to=comments-2026-11-24.db",
          .flags = {"database_url", "to"},
          .run = BackUp};
}

}  // namespace marginalia
