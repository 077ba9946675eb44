// A SQLite database, with its write-ahead log, that another one takes the place of. The caller
// holds the lock of its service, so nobody else opens it meanwhile.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_REPLACED_DATABASE_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_REPLACED_DATABASE_H_

#include <string>

#include "absl/status/status.h"
#include "deploy/operator/backup/database_facts.h"

namespace marginalia {

// Whether there is a write-ahead log or a rollback journal beside `path` that holds something.
bool HasLog(const std::string& path);

// Whether there is a database at `path`, or at least the log of one.
bool HasDatabase(const std::string& path);

// Where the database at `path` is kept once another one has its place: PATH.replaced-, and the
// time.
std::string KeptPath(const std::string& path);

// Makes the database at `path` stand alone, without a write-ahead log, so that one rename can take
// it away whole. One that is too damaged for that keeps its log, which SetAside moves with it.
// FAILED_PRECONDITION when it is another service's than `contents`, UNAVAILABLE when it is in use.
absl::Status StandAlone(const std::string& path, DatabaseContents contents);

// In one step `path` becomes the file that `kept` is now, and `kept` the database that was at
// `path`; or, when there was none, just the former. What was there is never removed.
absl::Status SetAside(const std::string& path, const std::string& kept);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_REPLACED_DATABASE_H_
