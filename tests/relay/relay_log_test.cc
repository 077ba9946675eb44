// The relay when its log or its stream is not the one that it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "services/storage/connection/connection.h"
#include "services/storage/database.h"
#include "services/storage/database_url.h"
#include "tests/relay/relay_fixture.h"
#include "tests/support/await.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

class RelayLogTest : public RelayTest {
 protected:
  // As the database has it: a watch would keep what it reads next.
  std::int64_t OldestRetained() {
    const auto url = ParseDatabaseUrl(database_url_);
    Connection connection(url->target, ConnectionRole::kReader);
    std::int64_t compacted = 0;
    connection.sql() << "SELECT compacted FROM event_log", soci::into(compacted);
    return compacted + 1;
  }
};
INSTANTIATE_ON_EVERY_DATABASE(RelayLogTest);

TEST_P(RelayLogTest, ALostStreamIsMadeAgainWithAllThatTheLogRetains) {
  StartAll();
  {
    StreamReader reader(broker_.url());
    ASSERT_TRUE(Relayed(reader, Post(20)));
  }
  broker_.Kill();
  broker_.LoseStore();
  broker_.Start();
  ExpectStreamIsTheLog(service_, broker_, {});
}

TEST_P(RelayLogTest, AStreamThatIsDeletedUnderTheRelayIsMadeAgain) {
  StartAll();
  StreamReader reader(broker_.url());
  ASSERT_TRUE(Relayed(reader, Post(20)));
  reader.Delete();
  ExpectStreamIsTheLog(service_, broker_, {});
}

TEST_P(RelayLogTest, ATailThatTheBrokerHasLostIsPublishedAgain) {
  StartAll();
  {
    StreamReader reader(broker_.url());
    ASSERT_TRUE(Relayed(reader, Post(10)));
  }
  broker_.Kill();
  broker_.CopyStore();
  broker_.Start();
  {
    StreamReader reader(broker_.url());
    ASSERT_TRUE(Relayed(reader, Post(10)));
  }
  broker_.Kill();
  broker_.RestoreStore();
  broker_.Start();
  // Also while nobody posts: consumers wait for what was acknowledged once.
  StreamReader reader(broker_.url());
  EXPECT_TRUE(Relayed(reader, 20));
  ExpectStreamIsTheLog(service_, broker_, {});
}

TEST_P(RelayLogTest, APurgedStreamGoesOnWithWhatIsNew) {
  StartAll();
  StreamReader reader(broker_.url());
  ASSERT_TRUE(Relayed(reader, Post(10)));
  reader.Purge();
  EXPECT_EQ(service_.Stop(), 0);
  service_.Start();
  ASSERT_TRUE(Relayed(reader, Post(1)));
  EXPECT_EQ(reader.ReadAll().size(), 1u);
}

TEST_P(RelayLogTest, ANewLogIsRelayedFromItsBeginningUnderIdsOfItsOwn) {
  StartAll();
  StreamReader reader(broker_.url());
  ASSERT_TRUE(Relayed(reader, Post(5)));
  const std::string old_id = reader.LastId();
  EXPECT_EQ(service_.Stop(), 0);
  service_.Start({"--start_new_log"});
  EXPECT_TRUE(Await([&] { return reader.LastId() != old_id; }));
  ASSERT_TRUE(Relayed(reader, 5));
  const std::vector<StreamMessage> messages = reader.ReadAll();
  ASSERT_EQ(messages.size(), 10u);
  EXPECT_NE(messages[0].id, messages[5].id);
  EXPECT_EQ(messages[5].id.substr(16), "-1");
}

TEST_P(RelayLogTest, WhatRetentionRemovedFirstIsSaidAndTheRestFollows) {
  StartAll();
  {
    StreamReader reader(broker_.url());
    ASSERT_TRUE(Relayed(reader, Post(5)));
  }
  broker_.Kill();
  Post(20);
  EXPECT_EQ(service_.Stop(), 0);
  service_.Start({"--events_count_max=4"});
  ASSERT_TRUE(Await([&] { return OldestRetained() == 22; }));
  broker_.Start();
  StreamReader reader(broker_.url());
  ASSERT_TRUE(Relayed(reader, 25));
  std::vector<std::string> positions;
  for (const StreamMessage& message : reader.ReadAll()) positions.push_back(message.id.substr(17));
  EXPECT_THAT(positions, testing::ElementsAre("1", "2", "3", "4", "5", "22", "23", "24", "25"));
  EXPECT_TRUE(service_.log().WaitFor("\"first_position\":6,\"last_position\":21").has_value());
  EXPECT_EQ(service_.Metric("marginalia_relay_missed_total"), 16);
}

// A backup of a file is a copy of it.
TEST(RestoredLogTest, ALogThatTheStreamIsAheadOfIsNotRelayedUntilItIsANewOne) {
  NatsServer broker;
  broker.Start();
  TempDir directory;
  const std::string url = "sqlite:" + directory.File("c.db");
  RelayingService service(url, broker.url());
  StreamReader reader(broker.url());
  const auto post = [&](int count) {
    for (int i = 0; i < count; ++i) service.As("org", "dana").Post("INV-1", "A comment.");
  };
  service.Start();
  post(3);
  ASSERT_TRUE(Relayed(reader, 3));
  EXPECT_EQ(service.Stop(), 0);
  std::filesystem::copy_file(directory.File("c.db"), directory.File("backup.db"));
  service.Start();
  post(3);
  ASSERT_TRUE(Relayed(reader, 6));
  EXPECT_EQ(service.Stop(), 0);
  std::filesystem::rename(directory.File("backup.db"), directory.File("c.db"));
  service.Start();
  EXPECT_TRUE(service.log().WaitFor("run one with --migrate_only --start_new_log").has_value());
  EXPECT_EQ(service.Stop(), 0);
  service.Start({"--start_new_log"});
  post(1);
  ASSERT_TRUE(Relayed(reader, 4));
  EXPECT_EQ(reader.ReadAll().size(), 10u);
}

}  // namespace
}  // namespace marginalia
