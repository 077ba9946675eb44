// What a database says of its own tables: which belong to tenants, what their keys begin with, and
// whether row-level security stands around them.
#ifndef MARGINALIA_TESTS_ISOLATION_SCHEMA_READER_H_
#define MARGINALIA_TESTS_ISOLATION_SCHEMA_READER_H_

#include <map>
#include <set>
#include <string>

#include "services/storage/database.h"

namespace marginalia {

struct TableShape {
  bool has_org_id = false;
  // The first column of each key, by the key's name: the primary key and every index.
  std::map<std::string, std::string> keys;
  // PostgreSQL only: enabled, and for the owner as well.
  bool walled = false;
  std::set<std::string> policies;
};

// By name. Fails the test when the database cannot be opened or read.
std::map<std::string, TableShape> ReadSchema(DatabaseKind kind, const Migrations& migrations);

// Fails the test for each table of tenants with a key that does not begin with the tenant, but for
// `all_tenants_tables`, and when the tables without tenants are not `tenantless_tables`.
void ExpectTenantsFirst(DatabaseKind kind, const Migrations& migrations,
                        const std::set<std::string>& all_tenants_tables,
                        const std::set<std::string>& tenantless_tables);

// Fails the test for each table of tenants of a PostgreSQL database that is not behind the wall.
void ExpectTenantWall(const Migrations& migrations);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_SCHEMA_READER_H_
