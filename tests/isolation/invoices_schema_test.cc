#include "invoice-service/schema.h"
#include "tests/isolation/schema_reader.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

class InvoicesSchemaTest : public testing::TestWithParam<DatabaseKind> {};

INSTANTIATE_ON_EVERY_DATABASE(InvoicesSchemaTest);

TEST_P(InvoicesSchemaTest, EveryKeyOfATenantsTableBeginsWithTheTenant) {
  ExpectTenantsFirst(GetParam(), InvoiceMigrations(), {},
                     {"projection_position", "schema_migrations"});
}

TEST(InvoicesTenantWallTest, StandsAroundEveryTableOfTenants) {
  ExpectTenantWall(InvoiceMigrations());
}

}  // namespace
}  // namespace marginalia
