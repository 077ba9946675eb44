// --migrate_only: a process that migrates its database and ends, for a job that runs before the
// replicas of a new version start. Used once, by main.
#ifndef MARGINALIA_SERVICES_STORAGE_MIGRATE_ONLY_H_
#define MARGINALIA_SERVICES_STORAGE_MIGRATE_ONLY_H_

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "services/storage/database.h"
#include "services/storage/migrations.h"

namespace marginalia {

// Does nothing without the flag. With it opens the database, which applies what is missing, runs
// `then` on it, says so in one line of the log and exits with 0; with 1, naming --database_url,
// when it cannot. After ParseConfigOrExit and before anything listens.
void MigrateAndExitIfAsked(const std::string& database_url, const Migrations& migrations,
                           absl::AnyInvocable<absl::Status(Database&)> then = nullptr);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_MIGRATE_ONLY_H_
