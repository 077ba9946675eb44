#include "comments-service/relay/relay_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/events/log_under_test.h"
#include "tests/support/database_under_test.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class RelayStatusTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override { ASSERT_TRUE(metrics_.Serve("127.0.0.1:0").ok()); }

  std::string Scrape() { return HttpClient(metrics_.address()).Get("/metrics").body; }

  LogUnderTest log_{NewDatabaseUrl(GetParam())};
  Metrics metrics_;
  RelayStatus status_{"broker", log_.log(), metrics_};
};
INSTANTIATE_ON_EVERY_DATABASE(RelayStatusTest);

TEST_P(RelayStatusTest, HowManyEventsTheBrokerLacksIsSaidOnceItIsKnown) {
  log_.Append(5);
  status_.Failing(absl::UnavailableError("the database is away"));
  EXPECT_THAT(Scrape(), ContainsRegex("\nmarginalia_relay_lag_positions [Nn]a[Nn]\n"));
  status_.Reached(0);
  EXPECT_THAT(Scrape(), HasSubstr("\nmarginalia_relay_lag_positions 5\n"));
  status_.Reached(3);
  EXPECT_THAT(Scrape(), HasSubstr("\nmarginalia_relay_lag_positions 2\n"));
}

}  // namespace
}  // namespace marginalia
