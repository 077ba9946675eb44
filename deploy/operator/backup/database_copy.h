// Copies a SQLite database as of one moment while its service reads and writes it.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_DATABASE_COPY_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_DATABASE_COPY_H_

#include <string>

#include "absl/status/statusor.h"
#include "deploy/operator/backup/sqlite_file.h"

namespace marginalia {

// Copies one snapshot of `source`, opened kLive, to the empty file `to`, which is not yet on the
// disk when it returns. The service's write-ahead log grows for as long as this takes. Returns the
// snapshot's TableDigest. RESOURCE_EXHAUSTED, with how much room it takes, when the disk is full.
absl::StatusOr<std::string> CopyDatabase(SqliteFile& source, const std::string& to);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_DATABASE_COPY_H_
