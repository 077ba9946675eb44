#include <string>
#include <thread>
#include <vector>

#include "services/process/stopwatch.h"
#include "services/tokens/consistency_token.h"
#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

class WatchEventsTest : public ServiceTest {
 protected:
  void Post(int count, const std::string& org = "org", const std::string& invoice_id = "INV-1") {
    const Client dana = service().As(org, "dana");
    for (int i = 0; i < count; ++i) dana.Post(invoice_id, "a body");
  }
  std::string TokenAt(const std::string& log_id, std::int64_t position) {
    return MakeConsistencyToken({.log_id = log_id, .position = position}, "org");
  }
};
INSTANTIATE_ON_EVERY_DATABASE(WatchEventsTest);

std::vector<std::int64_t> Positions(const std::vector<v1::Event>& events) {
  std::vector<std::int64_t> positions;
  for (const v1::Event& event : events) positions.push_back(event.position());
  return positions;
}

std::vector<std::int64_t> Numbers(const std::vector<v1::Event>& events) {
  std::vector<std::int64_t> numbers;
  for (const v1::Event& event : events) numbers.push_back(event.number());
  return numbers;
}

TEST_P(WatchEventsTest, FromNowOnlyWhatComesLater) {
  Post(2);
  WatchStream watch = service().As("org", "dana").Watch();
  const auto first = watch.Next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->events_size(), 0);
  EXPECT_NE(first->checkpoint_token(), "");
  Post(2);
  EXPECT_THAT(Numbers(watch.Events(2)), testing::ElementsAre(3, 4));
}

TEST_P(WatchEventsTest, FromTheBeginningAllInOrder) {
  Post(5);
  WatchStream watch = service().As("org", "dana").WatchFromBeginning();
  const auto events = watch.Events(5);
  EXPECT_THAT(Numbers(events), testing::ElementsAre(1, 2, 3, 4, 5));
  const v1::Event& last = events.back();
  EXPECT_EQ(last.org_id(), "org");
  EXPECT_EQ(last.comment_added().comment().body(), "a body");
  EXPECT_EQ(last.comment_added().comment().sequence(), 5);
  EXPECT_EQ(last.comment_added().thread_comment_count(), 5);
  EXPECT_EQ(last.event_time().seconds(), last.comment_added().comment().create_time().seconds());
  Post(1);
  EXPECT_THAT(Numbers(watch.Events(1)), testing::ElementsAre(6));
}

// What was told live came from memory; after a restart it can only come from the database.
TEST_P(WatchEventsTest, WhatIsReadLaterIsWhatWasToldToTheByte) {
  const Client dana = service().As("org", "dana");
  const Client alex = service().As("org", "alex", "admin");
  WatchStream watch = service().AsService().WatchFromBeginning();
  const v1::Comment first = dana.Post("INV-1", "the first", {"priya", "sam"}).comment();
  const v1::Comment second = dana.Post("INV-1", "the second").comment();
  service().As("rival", "mallory").Post("INV-1", "theirs");
  ASSERT_TRUE(dana.Edit(first, "the first, corrected").ok());
  ASSERT_TRUE(alex.Remove(second, "a slip").ok());
  ASSERT_TRUE(dana.Resolve("INV-1", "", "Settled, then.").ok());
  dana.Post("INV-1", "Not yet.");
  ASSERT_TRUE(service().AsService("org").Import(ImportOf("INV-2", 1)).ok());
  const std::vector<v1::Event> told = watch.Events(9);
  ASSERT_EQ(told.size(), 9U);
  EXPECT_EQ(told[0].comment_added().comment().mentions_size(), 2);
  Start();
  const std::vector<v1::Event> read = service().AsService().WatchFromBeginning().Events(9);
  ASSERT_EQ(read.size(), 9U);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(read[i].SerializeAsString(), told[i].SerializeAsString()) << told[i].DebugString();
  }
  // Each of them leaves its words to its comment.
  std::int64_t whole = 0;
  service().Tamper([&whole](soci::session& session) {
    session << "SELECT count(*) FROM events WHERE subject <> ''", soci::into(whole);
  });
  EXPECT_EQ(whole, 3);
}

TEST_P(WatchEventsTest, ATenantIsToldItsNumbersAndNothingOfTheOthers) {
  const auto mine = [&](std::string_view when) {
    const auto added = service().As("org", "dana").Add("INV-1", "", std::string(when));
    EXPECT_EQ(added->receipt().position(), 0);
    return added->receipt().number();
  };
  EXPECT_EQ(mine("before"), 1);
  Post(300, "rival");
  EXPECT_EQ(mine("after"), 2);
  const auto events = service().As("org", "dana").WatchFromBeginning().Events(2);
  EXPECT_THAT(Numbers(events), testing::ElementsAre(1, 2));
  EXPECT_THAT(Positions(events), testing::ElementsAre(0, 0));
  EXPECT_EQ(Positions(service().AsService().WatchFromBeginning().Events(302)).back(), 302);
}

TEST_P(WatchEventsTest, ACheckpointResumesRightBehindItself) {
  Post(3);
  const Client dana = service().As("org", "dana");
  std::string checkpoint;
  {
    WatchStream watch = dana.WatchFromBeginning();
    watch.Events(3);
    checkpoint = watch.checkpoint();
  }
  Post(2);
  EXPECT_THAT(Numbers(dana.WatchAfter(checkpoint).Events(2)), testing::ElementsAre(4, 5));
}

TEST_P(WatchEventsTest, AConsistencyTokenResumesRightBehindItsWrite) {
  Post(1);
  const Client dana = service().As("org", "dana");
  const auto posted = dana.Post("INV-1", "second");
  Post(1);
  EXPECT_THAT(Numbers(dana.WatchAfter(posted.consistency_token()).Events(1)),
              testing::ElementsAre(3));
  EXPECT_THAT(Numbers(dana.WatchAfter(dana.List("INV-2")->consistency_token()).Events(0)),
              testing::IsEmpty());
}

TEST_P(WatchEventsTest, PeopleSeeTheirTenantAndServicesAll) {
  Post(1, "org");
  Post(1, "rival");
  Post(1, "org");
  EXPECT_THAT(Numbers(service().As("org", "dana").WatchFromBeginning().Events(2)),
              testing::ElementsAre(1, 2));
  EXPECT_THAT(Numbers(service().As("rival", "dana").WatchFromBeginning().Events(1)),
              testing::ElementsAre(1));
  EXPECT_THAT(Positions(service().AsService().WatchFromBeginning().Events(3)),
              testing::ElementsAre(1, 2, 3));
}

TEST_P(WatchEventsTest, AnInvoiceFilterLetsItsEventsThroughOnly) {
  Post(1, "org", "INV-1");
  Post(1, "org", "INV-2");
  Post(1, "rival", "INV-2");
  Post(1, "org", "INV-1");
  EXPECT_THAT(Numbers(service().As("org", "dana").WatchFromBeginning("INV-2").Events(1)),
              testing::ElementsAre(2));
  EXPECT_THAT(Positions(service().AsService().WatchFromBeginning("INV-2").Events(2)),
              testing::ElementsAre(2, 3));
}

TEST_P(WatchEventsTest, CheckpointsComeEverySecondEvenWhenNothingMatches) {
  WatchStream watch = service().As("org", "dana").Watch();
  ASSERT_TRUE(watch.Next().has_value());
  Post(3, "rival");
  const SteadyTime start = SteadyTime::Now();
  const auto checkpoint = watch.Next();
  ASSERT_TRUE(checkpoint.has_value());
  EXPECT_EQ(checkpoint->events_size(), 0);
  EXPECT_LT(SteadyTime::Now() - start, absl::Seconds(5));
  const auto point =
      ParseConsistencyToken(checkpoint->checkpoint_token(), "org", "after_token", "X");
  ASSERT_TRUE(point.ok());
  EXPECT_EQ(point->position, 3);
}

TEST_P(WatchEventsTest, TokensOfOthersAndFromElsewhereAreRefused) {
  Post(2);
  const Client dana = service().As("org", "dana");
  const std::string log_id = service().feed().log().id();
  const std::string other_log = std::string(16, log_id[0] == 'a' ? 'b' : 'a');
  for (const std::string& token :
       {std::string("x"), std::string(), TokenAt(other_log, 1), TokenAt(log_id, 3),
        MakeConsistencyToken({.log_id = log_id, .position = 1}, "rival"),
        MakeConsistencyToken({.log_id = log_id, .position = 1}, ""),
        dana.List("INV-1", 1)->next_page_token()}) {
    WatchStream watch = dana.WatchAfter(token);
    const absl::Status ended = watch.End();
    EXPECT_EQ(ended.code(), absl::StatusCode::kInvalidArgument) << token;
    EXPECT_EQ(ReasonOf(ended), "RESUME_TOKEN_INVALID") << token;
  }
  EXPECT_THAT(Numbers(dana.WatchAfter(TokenAt(log_id, 1)).Events(1)), testing::ElementsAre(2));
}

TEST_P(WatchEventsTest, BadFiltersAreRefused) {
  WatchStream watch = service().As("org", "dana").WatchFromBeginning("a b");
  EXPECT_EQ(FieldViolationsOf(watch.End()).at(0).field, "invoice_id");
  WatchStream machine = service().AsService().WatchFromBeginning("a b");
  EXPECT_EQ(FieldViolationsOf(machine.End()).at(0).field, "invoice_id");
}

TEST_P(WatchEventsTest, WhatIsNoLongerRetainedIsSaidWithTheOldestPosition) {
  Start({.retention = {.count_max = 3}, .retention_interval = absl::Milliseconds(5)});
  Post(10);
  ASSERT_TRUE(Await([&] { return service().CountRows("events") == 3; }));
  const Client dana = service().As("org", "dana");
  WatchStream beginning = dana.WatchFromBeginning();
  const absl::Status ended = beginning.End();
  EXPECT_EQ(ended.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ReasonOf(ended), "EVENTS_COMPACTED");
  // Which is a number of all tenants: others are told no more than that.
  EXPECT_EQ(ErrorMetadataOf(ended, "oldest_position"), "");
  const absl::Status told = service().AsService().WatchFromBeginning().End();
  EXPECT_EQ(ReasonOf(told), "EVENTS_COMPACTED");
  EXPECT_EQ(ErrorMetadataOf(told, "oldest_position"), "8");
  const std::string log_id = service().feed().log().id();
  EXPECT_EQ(ReasonOf(dana.WatchAfter(TokenAt(log_id, 6)).End()), "EVENTS_COMPACTED");
  EXPECT_THAT(Numbers(dana.WatchAfter(TokenAt(log_id, 7)).Events(3)),
              testing::ElementsAre(8, 9, 10));
  EXPECT_EQ(dana.List("INV-1")->total_size(), 10);
}

TEST_P(WatchEventsTest, AMissingEventIsSaidBehindThoseBeforeItAndNotWhere) {
  Post(10);
  service().Tamper([](soci::session& sql) { sql << "DELETE FROM events WHERE position = 7"; });
  // What is in memory misses nothing.
  Start();
  const Client dana = service().As("org", "dana");
  WatchStream watch = dana.WatchFromBeginning();
  EXPECT_THAT(Numbers(watch.Events(6)), testing::ElementsAre(1, 2, 3, 4, 5, 6));
  const absl::Status ended = watch.End();
  EXPECT_EQ(ended.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(ended), "EVENTS_MISSING");
  EXPECT_THAT(std::string(ended.message()), testing::Not(testing::HasSubstr("7")));
  const std::string log_id = service().feed().log().id();
  EXPECT_THAT(Numbers(dana.WatchAfter(TokenAt(log_id, 7)).Events(3)),
              testing::ElementsAre(8, 9, 10));
}

TEST_P(WatchEventsTest, OldEventsAreRemovedByAgeAndTheNewestStays) {
  Start({.retention = {.age_max = absl::Milliseconds(1)},
         .retention_interval = absl::Milliseconds(5)});
  Post(5);
  ASSERT_TRUE(Await([&] { return service().CountRows("events") == 1; }));
  Post(1);
  EXPECT_EQ(service().As("org", "dana").List("INV-1")->total_size(), 6);
  EXPECT_TRUE(service().As("org", "alex", "admin").Verify()->intact());
}

TEST_P(WatchEventsTest, ARestoredLogRefusesTheTokensOfTheLostOne) {
  Post(2);
  const auto posted = service().As("org", "dana").Post("INV-1", "third");
  Start({.start_new_log = true});
  const Client dana = service().As("org", "dana");
  EXPECT_EQ(ReasonOf(dana.WatchAfter(posted.consistency_token()).End()), "RESUME_TOKEN_INVALID");
  EXPECT_THAT(Numbers(dana.WatchFromBeginning().Events(3)), testing::ElementsAre(1, 2, 3));
}

TEST_P(WatchEventsTest, ADrainEndsTheStreamBehindItsLastToken) {
  Post(3);
  const Client dana = service().As("org", "dana");
  WatchStream watch = dana.WatchFromBeginning();
  watch.Events(3);
  std::thread drain([&] { service().Drain(); });
  const absl::Status ended = watch.End();
  drain.join();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(ended), "DRAINING");
  EXPECT_GT(RetryAfterOf(ended), absl::ZeroDuration());
  const auto point = ParseConsistencyToken(watch.checkpoint(), "org", "after_token", "X");
  ASSERT_TRUE(point.ok());
  EXPECT_EQ(point->position, 3);
}

TEST_P(WatchEventsTest, ADrainTellsHowFarAWatchHasGotWithoutAMatch) {
  WatchStream watch = service().As("org", "dana").Watch();
  ASSERT_TRUE(watch.Next().has_value());
  Post(3, "rival");
  ASSERT_TRUE(Await([&] { return service().feed().SlowestPlace() == 3; }));
  std::thread drain([&] { service().Drain(); });
  EXPECT_EQ(ReasonOf(watch.End()), "DRAINING");
  drain.join();
  const auto point = ParseConsistencyToken(watch.checkpoint(), "org", "after_token", "X");
  ASSERT_TRUE(point.ok());
  EXPECT_EQ(point->position, 3);
}

TEST_P(WatchEventsTest, AnExpiredTokenEndsTheStream) {
  const Client dana = service().As("org", "dana", "member", absl::Seconds(2));
  WatchStream watch = dana.Watch();
  const absl::Status ended = watch.End();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf(ended), "TOKEN_EXPIRED");
}

TEST_P(WatchEventsTest, TooManyWatchersAreRefused) {
  Start({.gate = {.streams_in_flight_max = 2}});
  const Client dana = service().As("org", "dana");
  WatchStream first = dana.Watch();
  WatchStream second = dana.Watch();
  ASSERT_TRUE(first.Next().has_value());
  ASSERT_TRUE(second.Next().has_value());
  const absl::Status refused = dana.Watch().End();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_WATCHERS");
}

TEST_P(WatchEventsTest, AWatcherThatLeavesIsForgotten) {
  {
    WatchStream watch = service().As("org", "dana").Watch();
    ASSERT_TRUE(watch.Next().has_value());
    EXPECT_EQ(service().watches().count(), 1U);
  }
  EXPECT_TRUE(Await([&] { return service().watches().count() == 0; }));
}

// Large enough that a few of them fill what gRPC buffers for a peer.
std::string LargeBody() { return std::string(10'000, 'x'); }

TEST_P(WatchEventsTest, ASlowWatcherSlowsNobodyAndMissesNothing) {
  constexpr int kComments = 300;
  const Client dana = service().As("org", "dana");
  WatchStream slow = service().As("org", "sam", "viewer").WatchFromBeginning();
  ASSERT_TRUE(slow.Next().has_value());
  WatchStream quick = service().As("org", "priya").WatchFromBeginning();
  std::thread poster([&] {
    for (int i = 0; i < kComments; ++i) dana.Post("INV-1", LargeBody());
  });
  EXPECT_EQ(quick.Events(kComments).size(), static_cast<std::size_t>(kComments));
  poster.join();
  const auto late = Numbers(slow.Events(kComments));
  ASSERT_EQ(late.size(), static_cast<std::size_t>(kComments));
  for (std::size_t i = 0; i < late.size(); ++i) {
    EXPECT_EQ(late[i], static_cast<std::int64_t>(i) + 1);
  }
}

// A hundred at a time.
void ImportLarge(const Client& machine, int times) {
  for (int i = 0; i < times; ++i) {
    v1::ImportCommentsRequest request;
    request.set_invoice_id("INV-1");
    for (int j = 0; j < 100; ++j) AddImported(request, LargeBody());
    ASSERT_TRUE(machine.Import(request).ok());
  }
}

// Whoever watches all takes a message without events for 'there are no more'.
TEST_P(WatchEventsTest, ADrainSendsNoEmptyMessageToAWatcherThatIsBehind) {
  ImportLarge(service().AsService("org"), 20);
  WatchStream watch = service().AsService().WatchFromBeginning();
  ASSERT_TRUE(watch.Next().has_value());
  std::thread drain([&] { service().Drain(); });
  EXPECT_TRUE(Await([&] { return service().feed().closed(); }));
  while (const auto message = watch.Next()) EXPECT_GT(message->events_size(), 0);
  EXPECT_EQ(ReasonOf(watch.End()), "DRAINING");
  drain.join();
  const auto point = ParseConsistencyToken(watch.checkpoint(), "", "after_token", "X");
  ASSERT_TRUE(point.ok());
  EXPECT_LT(point->position, service().feed().log().head());
}

TEST_P(WatchEventsTest, AWatcherThatDoesNotReadIsCut) {
  Start({.write_stall_max = absl::Milliseconds(300)});
  WatchStream stalled = service().As("org", "sam", "viewer").WatchFromBeginning();
  ASSERT_TRUE(stalled.Next().has_value());
  ImportLarge(service().AsService("org"), 30);
  EXPECT_TRUE(Await([&] { return service().watches().count() == 0; }));
  EXPECT_FALSE(stalled.End().ok());
}

TEST_P(WatchEventsTest, EventsOfLargeImportsArriveWhole) {
  const Client machine = service().AsService();
  WatchStream watch = machine.Watch();
  ASSERT_TRUE(watch.Next().has_value());
  Post(1000 / 8, "org");
  std::vector<std::thread> posters;
  for (int i = 0; i < 8; ++i) {
    posters.emplace_back([&, i] { Post(50, "org" + std::to_string(i % 2)); });
  }
  const auto events = watch.Events(1000 / 8 + 400);
  for (std::thread& poster : posters) poster.join();
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].position(), static_cast<std::int64_t>(i) + 1);
  }
}

}  // namespace
}  // namespace marginalia
