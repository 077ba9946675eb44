#include "tests/support/database_under_test.h"

#include <atomic>

#include "tests/support/postgres_server.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

std::string NewDatabaseUrl(DatabaseKind kind) {
  if (kind == DatabaseKind::kPostgres) return NewPostgresDatabase();
  static const TempDir directory;
  static std::atomic<int> databases = 0;
  return "sqlite:" + directory.File(std::to_string(++databases) + ".db");
}

std::string DatabaseName(const testing::TestParamInfo<DatabaseKind>& info) {
  return info.param == DatabaseKind::kSqlite ? "Sqlite" : "Postgres";
}

}  // namespace marginalia
