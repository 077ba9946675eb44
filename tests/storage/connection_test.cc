#include "services/storage/connection/connection.h"

#include <gtest/gtest.h>

#include <memory>

#include "services/storage/database.h"
#include "tests/storage/kept_elsewhere.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

struct Kept {
  explicit Kept(Connection& connection) {}
};

class ConnectionTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  std::unique_ptr<Database> database_ = *Database::Open(NewDatabaseUrl(GetParam()), {});
};
INSTANTIATE_ON_EVERY_DATABASE(ConnectionTest);

TEST_P(ConnectionTest, FilesWhoseClassesHaveOneNameAreKeptOneEach) {
  const absl::Status read = database_->Read([](Connection& connection) {
    const Kept& kept = connection.Prepared<Kept>();
    EXPECT_EQ(&connection.Prepared<Kept>(), &kept);
    EXPECT_NE(KeptElsewhere(connection), &kept);
    return absl::OkStatus();
  });
  EXPECT_EQ(read, absl::OkStatus());
}

}  // namespace
}  // namespace marginalia
