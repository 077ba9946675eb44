// A digest of all that a SQLite file's tables hold: equal for two files exactly when each row of
// each table is.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_TABLE_DIGEST_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_TABLE_DIGEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "deploy/operator/backup/sqlite_file.h"

namespace marginalia {

// Reads the whole file, a row at a time, in the order in which it is stored.
absl::StatusOr<std::string> TableDigest(const SqliteFile& file);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_TABLE_DIGEST_H_
