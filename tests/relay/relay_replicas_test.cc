// Several replicas over one PostgreSQL: one of them relays.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/relay/relay_fixture.h"
#include "tests/support/await.h"
#include "tests/support/postgres_server.h"

namespace marginalia {
namespace {

constexpr int kKills = 3;

class RelayReplicasTest : public testing::Test {
 protected:
  static bool Relays(const RelayingService& replica) {
    return replica.Metric("marginalia_relay_connected") == 1;
  }

  NatsServer broker_;
  const std::string database_url_ = NewPostgresDatabase();
  RelayingService one_{database_url_, broker_.url()};
  RelayingService other_{database_url_, broker_.url()};
};

TEST_F(RelayReplicasTest, OneRelaysAndTheOtherTakesOverWhenItIsKilled) {
  broker_.Start();
  one_.Start();
  RelayingService* relaying = &one_;
  RelayingService* standing_by = &other_;
  std::vector<std::string> acknowledged;
  for (int kill = 0; kill < kKills; ++kill) {
    ASSERT_TRUE(Await([&] { return Relays(*relaying); }));
    const std::size_t seen = standing_by->log().size();
    standing_by->Start();
    ASSERT_TRUE(standing_by->log().WaitFor("another replica relays events", seen).has_value());
    EXPECT_FALSE(Relays(*standing_by));
    // Comments of both replicas are relayed by the one.
    Poster surviving(standing_by->As("org", "dana"));
    Poster dying(relaying->As("org", "priya"));
    ASSERT_TRUE(dying.Advance(20));
    relaying->Kill();
    ASSERT_TRUE(Await([&] { return Relays(*standing_by); }));
    for (Poster* poster : {&surviving, &dying}) {
      const std::vector<std::string> ids = poster->Stop();
      acknowledged.insert(acknowledged.end(), ids.begin(), ids.end());
    }
    std::swap(relaying, standing_by);
  }
  ExpectStreamIsTheLog(*relaying, broker_, acknowledged);
}

TEST_F(RelayReplicasTest, OneThatIsStoppedHandsOverAtOnce) {
  broker_.Start();
  one_.Start();
  ASSERT_TRUE(Await([&] { return Relays(one_); }));
  other_.Start();
  EXPECT_EQ(one_.Stop(), 0);
  EXPECT_TRUE(Await([&] { return Relays(other_); }));
  ExpectStreamIsTheLog(other_, broker_, {});
}

TEST_F(RelayReplicasTest, ADatabaseThatCutsAllSessionsIsRelayedFromAfterwards) {
  broker_.Start();
  one_.Start();
  other_.Start();
  one_.As("org", "dana").Post("INV-1", "Before.");
  CutPostgresConnections(database_url_);
  EXPECT_TRUE(Await([&] { return Relays(one_) != Relays(other_); }));
  ASSERT_TRUE(Await([&] { return one_.As("org", "dana").Add("INV-1", NewUuid(), "After.").ok(); }));
  ExpectStreamIsTheLog(one_, broker_, {});
}

}  // namespace
}  // namespace marginalia
