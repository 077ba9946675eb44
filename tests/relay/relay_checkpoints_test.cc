// Checkpoints on the broker: outside the database, where a monitor or anybody else finds them.
#include "comments-service/relay/relay_checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "comments-service/audit/checkpoint_signer.h"
#include "comments-service/record/checkpoint.h"
#include "tests/comments_service/service_test.h"
#include "tests/relay/relay_fixture.h"
#include "tests/support/await.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string WrittenKey(const TempDir& directory, const SigningKey& key) {
  const std::string path = directory.File("checkpoint.pem");
  std::ofstream(path) << key.Pem();
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  return path;
}

class RelayCheckpointsTest : public RelayTest {
 protected:
  void StartSigning() { service_.Start({"--checkpoint_key_path=" + key_path_}); }
  // The tenant's newest checkpoint that ends so; nothing when it does not come.
  std::optional<StreamMessage> AwaitCheckpoint(const std::string& subject,
                                               const std::string& id_end) {
    std::optional<StreamMessage> found;
    EXPECT_TRUE(Await([&] {
      for (StreamMessage& message : StreamReader(broker_.url()).ReadAll()) {
        if (message.subject == subject) found = std::move(message);
      }
      return found.has_value() && absl::EndsWith(found->id, id_end);
    })) << subject;
    return found;
  }

  const SigningKey key_ = SigningKey::Make();
  const TempDir directory_;
  const std::string key_path_ = WrittenKey(directory_, key_);
};
INSTANTIATE_ON_EVERY_DATABASE(RelayCheckpointsTest);

TEST_P(RelayCheckpointsTest, EachTenantsCheckpointIsPublishedSignedAndEventsGoOnBehindIt) {
  broker_.Start();
  StartSigning();
  Post(3);
  service_.As("acme.inc", "mallory").Post("INV-1", "theirs");
  service_.Kill();
  // What has moved since the last time is published when the relay begins.
  StartSigning();
  const auto theirs =
      AwaitCheckpoint("marginalia.acme%2Einc.checkpoint", "-checkpoint-acme%2Einc-1");
  ASSERT_TRUE(theirs.has_value());
  EXPECT_EQ(theirs->content_type, "application/cloudevents+json; charset=utf-8");
  const auto published = AwaitCheckpoint("marginalia.org.checkpoint", "-checkpoint-org-3");
  ASSERT_TRUE(published.has_value());
  const auto event = boost::json::parse(published->body);
  EXPECT_EQ(event.at("type"), "dev.marginalia.record.checkpoint.v1");
  EXPECT_EQ(event.at("id"), published->id.c_str());
  const auto& data = event.at("data");
  EXPECT_EQ(data.at("size"), 3);
  const std::string note(data.at("checkpoint").as_string());
  const auto checkpoint = OpenCheckpoint(note, {{key_.Verifier(kCheckpointKeyName)}});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->size, 3);
  EXPECT_EQ(data.at("origin"), checkpoint->origin.c_str());
  EXPECT_EQ(data.at("rootHash"), HexOf(checkpoint->root).c_str());

  // Killed behind a checkpoint, the relay goes on where the stream ends.
  service_.Kill();
  StartSigning();
  StreamReader reader(broker_.url());
  // Behind the other tenant's event.
  ASSERT_TRUE(Relayed(reader, Post(2) + 1));
  service_.Kill();
  service_.Start();
  ASSERT_TRUE(Relayed(reader, Post(1) + 1));
  std::vector<std::string> events;
  for (const StreamMessage& message : reader.ReadAll()) {
    if (!absl::EndsWith(message.subject, ".checkpoint")) events.push_back(message.id);
  }
  EXPECT_THAT(events, SizeIs(7));
  EXPECT_EQ(service_.Metric("marginalia_relay_missed_total"), 0);
}

class DueCheckpointsTest : public ServiceTest {
 protected:
  std::vector<std::string> Ids(RelayCheckpoints& due) {
    std::vector<std::string> ids;
    const auto messages = due.Next({"00000000000000a1", 7});
    EXPECT_TRUE(messages.ok()) << messages.status();
    for (const RelayMessage& message : *messages) ids.push_back(message.id);
    return ids;
  }

  const SigningKey key_ = SigningKey::Make();
  const TempDir directory_;
  const std::unique_ptr<CheckpointSigner> signer_ =
      CheckpointSigner::Open(WrittenKey(directory_, key_)).value();
};
INSTANTIATE_ON_EVERY_DATABASE(DueCheckpointsTest);

TEST_P(DueCheckpointsTest, OnlyWhatHasMovedIsPublishedAndNotBeforeTheIntervalIsOver) {
  Checkpoints checkpoints(service().database(), *signer_, "00000000000000a1");
  RelayCheckpoints due(service().database(), checkpoints, absl::Seconds(1));
  service().As("org", "dana").Post("INV-1", "one");
  service().As("rival", "mallory").Post("INV-1", "theirs");
  ASSERT_TRUE(due.due());
  const auto both =
      ElementsAre("00000000000000a1-7-checkpoint-org-1", "00000000000000a1-7-checkpoint-rival-1");
  EXPECT_THAT(Ids(due), both);
  // The broker did not take them.
  EXPECT_TRUE(due.due());
  EXPECT_THAT(Ids(due), both);
  due.Published();
  EXPECT_FALSE(due.due());
  ASSERT_TRUE(Await([&] { return due.due(); }));
  EXPECT_THAT(Ids(due), IsEmpty());
  due.Published();
  service().As("org", "dana").Post("INV-1", "two");
  ASSERT_TRUE(Await([&] { return due.due(); }));
  EXPECT_THAT(Ids(due), ElementsAre("00000000000000a1-7-checkpoint-org-2"));
}

TEST_P(DueCheckpointsTest, ATenantWhoseRecordIsDamagedKeepsNobodyElseBack) {
  Checkpoints checkpoints(service().database(), *signer_, "00000000000000a1");
  RelayCheckpoints due(service().database(), checkpoints, absl::Hours(1));
  service().As("org", "dana").Post("INV-1", "one");
  service().As("rival", "mallory").Post("INV-1", "theirs");
  service().Tamper([](soci::session& session) {
    session << "UPDATE audit_entries SET hash = 'damaged' WHERE org_id = 'org'";
  });
  EXPECT_THAT(Ids(due), ElementsAre("00000000000000a1-7-checkpoint-rival-1"));
  due.Published();
  EXPECT_FALSE(due.due());
}

TEST_P(DueCheckpointsTest, ManyTenantsComeAFewAtATime) {
  Checkpoints checkpoints(service().database(), *signer_, "00000000000000a1");
  RelayCheckpoints due(service().database(), checkpoints, absl::Hours(1));
  constexpr int kTenants = 2 * kRelayTenantsAtATime + 5;
  for (int i = 0; i < kTenants; ++i) {
    service().As("org" + std::to_string(i), "dana").Post("INV-1", "one");
  }
  std::vector<std::size_t> counts;
  while (due.due()) {
    counts.push_back(Ids(due).size());
    due.Published();
  }
  EXPECT_THAT(counts, ElementsAre(100, 100, 5));
}

TEST(RelayMessageIdTest, ACheckpointNamesTheEventThatItCameBehind) {
  const RelayMessage message = MakeCheckpointMessage(
      "a.b-checkpoint-9", {.origin = "o", .size = 12, .root = {}}, "note", {"00000000000000a1", 7});
  const auto point = ParseRelayMessageId(message.id);
  ASSERT_TRUE(point.has_value());
  EXPECT_EQ(point->log_id, "00000000000000a1");
  EXPECT_EQ(point->position, 7);
}

}  // namespace
}  // namespace marginalia
