// The relay while nothing breaks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/comments_service/imports.h"
#include "tests/relay/relay_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

INSTANTIATE_ON_EVERY_DATABASE(RelayTest);

TEST_P(RelayTest, EachEventIsInTheStreamOnceUnderItsTenantAndInvoice) {
  StartAll();
  const Client dana = service_.As("northlight", "dana");
  const Client mallory = service_.As("acme.inc", "mallory");
  dana.Post("INV-1", "One");
  mallory.Post("INV-1", "Two");
  const auto third = dana.Post("INV-2", "Three");
  StreamReader reader(broker_.url());
  ASSERT_TRUE(Relayed(reader, 3));
  const std::vector<StreamMessage> messages = reader.ReadAll();
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].subject, "marginalia.northlight.INV-1.comment_added");
  EXPECT_EQ(messages[1].subject, "marginalia.acme%2Einc.INV-1.comment_added");
  EXPECT_EQ(messages[2].subject, "marginalia.northlight.INV-2.comment_added");
  EXPECT_EQ(messages[2].content_type, "application/cloudevents+json; charset=utf-8");
  const auto event = boost::json::parse(messages[2].body);
  EXPECT_EQ(event.at("id"), messages[2].id.c_str());
  EXPECT_EQ(event.at("org"), "northlight");
  EXPECT_EQ(event.at("data").at("commentAdded").at("comment").at("commentId"),
            third.comment().comment_id().c_str());
  // The relay counts what the broker has acknowledged, and then has reached it.
  EXPECT_TRUE(Await([&] { return service_.Metric("marginalia_relay_lag_positions") == 0; }));
  EXPECT_EQ(service_.Metric("marginalia_relay_published_total"), 3);
  EXPECT_EQ(service_.Metric("marginalia_relay_duplicates_total"), 0);
  EXPECT_EQ(service_.Metric("marginalia_relay_connected"), 1);
}

TEST_P(RelayTest, AnImportOfMoreThanMayBeInFlightComesWholeAndInOrder) {
  StartAll();
  const auto imported = service_.AsService("org").Import(ImportOf("INV-1", 500));
  ASSERT_TRUE(imported.ok()) << imported.status();
  ExpectStreamIsTheLog(service_, broker_, {});
}

TEST_P(RelayTest, AStreamThatIsThereIsUsedAsItIsAndMayHoldOthersMessages) {
  broker_.Start();
  StreamReader reader(broker_.url());
  reader.Make("other.>");
  reader.Publish("other.before");
  service_.Start();
  ASSERT_TRUE(Relayed(reader, Post(3)));
  reader.Publish("other.between");
  ASSERT_TRUE(Relayed(reader, Post(3)));
  std::vector<std::string> subjects;
  for (const StreamMessage& message : reader.ReadAll()) subjects.push_back(message.subject);
  EXPECT_THAT(subjects, testing::SizeIs(8));
  EXPECT_THAT(subjects, testing::Contains("other.between"));
  EXPECT_EQ(reader.MessagesMax(), 777);
}

TEST_P(RelayTest, ABrokerThatHangsHoldsUpNeitherPostsNorWatchersNorTheEnd) {
  StartAll();
  StreamReader reader(broker_.url());
  ASSERT_TRUE(Relayed(reader, Post(1)));
  broker_.Signal(SIGSTOP);
  const std::int64_t last = Post(20);
  EXPECT_EQ(service_.AsService().WatchFromBeginning().Events(21).back().position(), last);
  EXPECT_EQ(service_.Stop(), 0);
  broker_.Signal(SIGCONT);
  service_.Start();
  ExpectStreamIsTheLog(service_, broker_, {});
}

}  // namespace
}  // namespace marginalia
