// The relay while its broker or its process goes away and comes back.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/relay/relay_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr int kKills = 3;
constexpr char kNotRelayed[] = "events are not relayed to the broker";
constexpr char kRelaying[] = "relaying events to the broker";

class RelayFaultsTest : public RelayTest {};
INSTANTIATE_ON_EVERY_DATABASE(RelayFaultsTest);

TEST_P(RelayFaultsTest, ABrokerKilledUnderPostingMissesNothingAndGetsNothingTwice) {
  StartAll();
  Poster poster(service_.As("org", "dana"));
  for (int kill = 0; kill < kKills; ++kill) {
    ASSERT_TRUE(poster.Advance(30));
    broker_.Kill();
    // Nobody who posts waits for it.
    ASSERT_TRUE(poster.Advance(30));
    broker_.Start();
  }
  ASSERT_TRUE(poster.Advance(30));
  ExpectStreamIsTheLog(service_, broker_, poster.Stop());
}

TEST_P(RelayFaultsTest, AServiceKilledUnderPostingGoesOnWhereTheStreamEnds) {
  StartAll();
  std::vector<std::string> acknowledged;
  for (int kill = 0; kill < kKills; ++kill) {
    Poster poster(service_.As("org", "dana"));
    ASSERT_TRUE(poster.Advance(40));
    service_.Kill();
    const std::vector<std::string> ids = poster.Stop();
    acknowledged.insert(acknowledged.end(), ids.begin(), ids.end());
    service_.Start();
  }
  ExpectStreamIsTheLog(service_, broker_, acknowledged);
}

TEST_P(RelayFaultsTest, ABrokerThatComesLaterGetsEverythingAndCostsOneLineOfTheLog) {
  service_.Start();
  const std::int64_t last = Post(20);
  ASSERT_TRUE(service_.log().WaitFor(kNotRelayed).has_value());
  EXPECT_EQ(service_.Metric("marginalia_relay_connected"), 0);
  EXPECT_EQ(service_.Metric("marginalia_relay_lag_positions"), static_cast<double>(last));
  broker_.Start();
  ExpectStreamIsTheLog(service_, broker_, {});
  ASSERT_TRUE(service_.log().WaitFor(kRelaying).has_value());
  EXPECT_EQ(service_.CountInLog(kNotRelayed), 1u);
  EXPECT_EQ(service_.CountInLog(kRelaying), 1u);
}

}  // namespace
}  // namespace marginalia
