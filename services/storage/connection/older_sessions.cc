#include "services/storage/connection/older_sessions.h"

#include <string>

namespace marginalia {

bool HasOlderSessions(Connection& connection) {
  if (connection.kind() == DatabaseKind::kSqlite) return false;
  std::int64_t count = 0;
  const std::string name = kSessionName;
  connection.sql() << "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                      " AND usename = current_user AND backend_type = 'client backend'"
                      " AND application_name IS DISTINCT FROM :name",
      soci::into(count), soci::use(name);
  return count > 0;
}

}  // namespace marginalia
