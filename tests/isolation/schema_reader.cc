#include "tests/isolation/schema_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

using Schema = std::map<std::string, TableShape>;
using Row = std::vector<std::string>;

// The rows of a SELECT of `columns` texts.
std::vector<Row> Select(soci::session& sql, const std::string& query, std::size_t columns) {
  std::vector<Row> rows;
  Row row(columns);
  soci::statement statement(sql);
  statement.alloc();
  statement.prepare(query);
  for (std::string& column : row) statement.exchange(soci::into(column));
  statement.define_and_bind();
  statement.execute();
  while (statement.fetch()) rows.push_back(row);
  return rows;
}

// A key of INTEGER PRIMARY KEY has no index, so the primary keys come from the columns.
Schema ReadSqlite(soci::session& sql) {
  Schema schema;
  const auto columns = Select(sql,
                              "SELECT t.name, c.name, CAST(c.pk AS TEXT) FROM sqlite_schema t,"
                              " pragma_table_info(t.name) c WHERE t.type = 'table'",
                              3);
  for (const Row& column : columns) {
    TableShape& table = schema[column[0]];
    if (column[1] == "org_id") table.has_org_id = true;
    if (column[2] == "1") table.keys["primary key"] = column[1];
  }
  const auto indexes = Select(sql,
                              "SELECT t.name, i.name, c.name FROM sqlite_schema t,"
                              " pragma_index_list(t.name) i, pragma_index_info(i.name) c"
                              " WHERE t.type = 'table' AND c.seqno = 0",
                              3);
  for (const Row& index : indexes) schema[index[0]].keys[index[1]] = index[2];
  return schema;
}

Schema ReadPostgres(soci::session& sql) {
  Schema schema;
  const auto columns = Select(sql,
                              "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT)"
                              " FROM information_schema.columns WHERE table_schema = 'public'",
                              2);
  for (const Row& column : columns) {
    TableShape& table = schema[column[0]];
    if (column[1] == "org_id") table.has_org_id = true;
  }
  const auto indexes =
      Select(sql,
             "SELECT CAST(t.relname AS TEXT), CAST(i.relname AS TEXT), CAST(a.attname AS TEXT)"
             " FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i"
             " ON i.oid = x.indexrelid JOIN pg_attribute a ON a.attrelid = t.oid"
             " AND a.attnum = x.indkey[0] WHERE t.relnamespace = CAST('public' AS regnamespace)",
             3);
  for (const Row& index : indexes) schema[index[0]].keys[index[1]] = index[2];
  const auto walls = Select(sql,
                            "SELECT CAST(relname AS TEXT) FROM pg_class"
                            " WHERE relnamespace = CAST('public' AS regnamespace) AND relkind = 'r'"
                            " AND relrowsecurity AND relforcerowsecurity",
                            1);
  for (const Row& wall : walls) schema[wall[0]].walled = true;
  const auto policies = Select(sql,
                               "SELECT CAST(tablename AS TEXT), CAST(policyname AS TEXT)"
                               " FROM pg_policies WHERE cmd = 'ALL'",
                               2);
  for (const Row& policy : policies) schema[policy[0]].policies.insert(policy[1]);
  return schema;
}

}  // namespace

Schema ReadSchema(DatabaseKind kind, const Migrations& migrations) {
  Schema schema;
  const auto database = Database::Open(NewDatabaseUrl(kind), migrations);
  EXPECT_EQ(database.status(), absl::OkStatus());
  const absl::Status read = (*database)->Read([&](Connection& connection) {
    schema = kind == DatabaseKind::kSqlite ? ReadSqlite(connection.sql())
                                           : ReadPostgres(connection.sql());
    return absl::OkStatus();
  });
  EXPECT_EQ(read, absl::OkStatus());
  return schema;
}

void ExpectTenantsFirst(DatabaseKind kind, const Migrations& migrations,
                        const std::set<std::string>& all_tenants_tables,
                        const std::set<std::string>& tenantless_tables) {
  std::set<std::string> tenantless;
  std::set<std::string> not_first;
  for (const auto& [name, table] : ReadSchema(kind, migrations)) {
    SCOPED_TRACE(name);
    EXPECT_FALSE(table.keys.empty());
    if (!table.has_org_id) tenantless.insert(name);
    for (const auto& [key, first_column] : table.keys) {
      SCOPED_TRACE(key + " begins with " + first_column);
      if (table.has_org_id && first_column != "org_id") not_first.insert(name);
    }
  }
  EXPECT_EQ(tenantless, tenantless_tables);
  EXPECT_EQ(not_first, all_tenants_tables);
}

void ExpectTenantWall(const Migrations& migrations) {
  for (const auto& [name, table] : ReadSchema(DatabaseKind::kPostgres, migrations)) {
    SCOPED_TRACE(name);
    EXPECT_EQ(table.walled, table.has_org_id);
    if (table.has_org_id) {
      EXPECT_THAT(table.policies, testing::ElementsAre("all_tenants", "tenant"));
    }
  }
}

}  // namespace marginalia
