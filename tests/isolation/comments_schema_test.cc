#include "comments-service/schema.h"
#include "tests/isolation/schema_reader.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

class CommentsSchemaTest : public testing::TestWithParam<DatabaseKind> {};

INSTANTIATE_ON_EVERY_DATABASE(CommentsSchemaTest);

TEST_P(CommentsSchemaTest, EveryKeyOfATenantsTableBeginsWithTheTenant) {
  // The positions of the one log are in the order in which all tenants' writes were committed.
  ExpectTenantsFirst(GetParam(), CommentsMigrations(), {"events"},
                     {"event_log", "relay_position", "schema_migrations"});
}

TEST(CommentsTenantWallTest, StandsAroundEveryTableOfTenants) {
  ExpectTenantWall(CommentsMigrations());
}

}  // namespace
}  // namespace marginalia
