// Runs a suite on every database: derive it from testing::TestWithParam<DatabaseKind>, ask for
// NewDatabaseUrl(GetParam()) and instantiate it with INSTANTIATE_ON_EVERY_DATABASE(Suite).
#ifndef MARGINALIA_TESTS_SUPPORT_DATABASE_UNDER_TEST_H_
#define MARGINALIA_TESTS_SUPPORT_DATABASE_UNDER_TEST_H_

#include <gtest/gtest.h>

#include <string>

#include "services/storage/connection/connection.h"

namespace marginalia {

// The url of a new, empty database that lasts until the test process ends. Thread-safe.
std::string NewDatabaseUrl(DatabaseKind kind);

// "Sqlite" or "Postgres", as the tests are named.
std::string DatabaseName(const testing::TestParamInfo<DatabaseKind>& info);

}  // namespace marginalia

#define INSTANTIATE_ON_EVERY_DATABASE(Suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(                                                                    \
      On, Suite,                                                                               \
      testing::Values(marginalia::DatabaseKind::kSqlite, marginalia::DatabaseKind::kPostgres), \
      marginalia::DatabaseName)

#endif  // MARGINALIA_TESTS_SUPPORT_DATABASE_UNDER_TEST_H_
