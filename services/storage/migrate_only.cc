#include "services/storage/migrate_only.h"

#include <cstdint>
#include <cstdlib>

#include "absl/flags/flag.h"
#include "services/process/log.h"
#include "services/process/or_exit.h"

ABSL_FLAG(bool, migrate_only, false,
          "Apply the migrations that --database_url is without, and end. Nothing listens.");

namespace marginalia {

void MigrateAndExitIfAsked(const std::string& database_url, const Migrations& migrations,
                           absl::AnyInvocable<absl::Status(Database&)> then) {
  if (!absl::GetFlag(FLAGS_migrate_only)) return;
  // Closed before the process ends, so that the file is whole without its log.
  auto database = OrExit(Database::Open(database_url, migrations), "--database_url");
  if (then != nullptr) OrExit(then(*database), "--database_url");
  database.reset();
  Log(Severity::kInfo, "the database is migrated",
      {{"schema_version", static_cast<std::int64_t>(migrations.size())}});
  FlushLog();
  std::exit(EXIT_SUCCESS);
}

}  // namespace marginalia
