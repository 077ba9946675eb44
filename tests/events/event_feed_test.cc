#include "services/events/log/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <thread>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "tests/events/log_under_test.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"
#include "tests/support/postgres_server.h"

namespace marginalia {
namespace {

using testing::IsEmpty;

constexpr SteadyTime kNever = SteadyTime::Never();

class EventFeedTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  EventLog& log() { return under_test_->log(); }

  std::vector<EventPointer> After(std::int64_t position) {
    auto events = feed_->After(position);
    EXPECT_TRUE(events.ok()) << events.status();
    return events.ok() ? *std::move(events) : std::vector<EventPointer>{};
  }

  // Reads on from `position` to the end as a watcher does, without ever asking twice for nothing.
  std::vector<std::int64_t> Follow(std::int64_t position, std::int64_t last) {
    std::vector<std::int64_t> seen;
    while (position < last) {
      const std::vector<EventPointer> events = After(position);
      if (events.empty()) {
        std::promise<void> woken;
        auto is_woken = woken.get_future();
        feed_->WakeAfter(position, kNever, [&woken] { woken.set_value(); });
        is_woken.wait();
        continue;
      }
      for (const EventPointer& event : events) seen.push_back(event->position);
      position = seen.back();
    }
    return seen;
  }

  const std::string url_ = NewDatabaseUrl(GetParam());
  std::optional<LogUnderTest> under_test_{std::in_place, url_};
  std::optional<EventFeed> feed_{std::in_place, under_test_->log()};
};

INSTANTIATE_ON_EVERY_DATABASE(EventFeedTest);

TEST_P(EventFeedTest, NothingFollowsTheEnd) {
  EXPECT_THAT(After(0), IsEmpty());
  under_test_->Append(3);
  EXPECT_THAT(After(3), IsEmpty());
  EXPECT_THAT(After(17), IsEmpty());
}

TEST_P(EventFeedTest, TheRingAndTheDatabaseAgree) {
  under_test_->Append(20);
  const std::vector<EventPointer> ring = After(5);
  const std::vector<EventPointer> database = log().ReadAfter(5, 100).value();
  ASSERT_EQ(Positions(ring), Range(6, 20));
  ASSERT_EQ(Positions(database), Range(6, 20));
  for (std::size_t i = 0; i < ring.size(); ++i) {
    EXPECT_EQ(ring[i]->payload, database[i]->payload);
    EXPECT_EQ(ring[i]->subject, database[i]->subject);
    EXPECT_EQ(ring[i]->org_id, database[i]->org_id);
  }
}

TEST_P(EventFeedTest, EventsOfTheRingAreSharedByAllWhoWatch) {
  under_test_->Append(1);
  EXPECT_EQ(After(0).front(), After(0).front());
}

TEST_P(EventFeedTest, WhatWasWrittenBeforeTheFeedComesFromTheDatabase) {
  under_test_->Append(10);
  feed_.reset();
  under_test_.reset();
  under_test_.emplace(url_);
  feed_.emplace(log());
  EXPECT_EQ(Positions(After(0)), Range(1, 10));
  under_test_->Append(5);
  EXPECT_EQ(Positions(After(0)), Range(1, 15));
  EXPECT_EQ(Positions(After(10)), Range(11, 15));
}

TEST_P(EventFeedTest, ASlowWatcherMissesNothing) {
  constexpr int kEvents = 22'000;
  static_assert(kEvents > kRingEventsMax);
  for (int written = 0; written < kEvents; written += 1'000) under_test_->Append(1'000);
  EXPECT_EQ(Follow(0, kEvents), Range(1, kEvents));
}

TEST_P(EventFeedTest, WatchersThatFollowMissNothingHoweverWakesAndCommitsMeet) {
  constexpr int kWatchers = 4;
  constexpr int kEvents = 2'000;
  under_test_->writes();
  std::vector<std::thread> watchers;
  for (int i = 0; i < kWatchers; ++i) {
    watchers.emplace_back([this] { EXPECT_EQ(Follow(0, kEvents), Range(1, kEvents)); });
  }
  for (int written = 0; written < kEvents; written += 2) under_test_->Append(2);
  for (std::thread& watcher : watchers) watcher.join();
}

TEST_P(EventFeedTest, AWakeComesAtOnceWhenThereIsSomethingAlready) {
  under_test_->Append(1);
  std::promise<void> woken;
  feed_->WakeAfter(0, kNever, [&woken] { woken.set_value(); });
  woken.get_future().wait();
}

TEST_P(EventFeedTest, AWakeComesWhenItsTimeIsUp) {
  const SteadyTime until = SteadyTime::Now() + absl::Milliseconds(30);
  std::promise<SteadyTime> woken;
  feed_->WakeAfter(0, kNever, [] {});
  feed_->WakeAfter(0, until, [&woken] { woken.set_value(SteadyTime::Now()); });
  EXPECT_GE(woken.get_future().get(), until);
}

TEST_P(EventFeedTest, ACancelledWakeNeverComes) {
  std::atomic<bool> called = false;
  const std::uint64_t id = feed_->WakeAfter(0, kNever, [&called] { called = true; });
  EXPECT_TRUE(feed_->Cancel(id));
  EXPECT_FALSE(feed_->Cancel(id));
  under_test_->Append(1);
  std::promise<void> woken;
  feed_->WakeAfter(0, kNever, [&woken] { woken.set_value(); });
  woken.get_future().wait();
  EXPECT_FALSE(called);
}

TEST_P(EventFeedTest, AWakeMayAskToBeWokenAgain) {
  std::promise<void> second;
  feed_->WakeAfter(0, kNever, [this, &second] {
    EXPECT_EQ(Positions(After(0)).front(), 1);
    feed_->WakeAfter(1, kNever, [&second] { second.set_value(); });
  });
  under_test_->Append(1);
  under_test_->Append(1);
  second.get_future().wait();
}

TEST_P(EventFeedTest, ClosingWakesEveryoneForTheLastTime) {
  std::latch woken(4);
  for (int i = 0; i < 3; ++i) feed_->WakeAfter(0, kNever, [&woken] { woken.count_down(); });
  feed_->Close();
  EXPECT_TRUE(feed_->closed());
  feed_->WakeAfter(0, kNever, [&woken] { woken.count_down(); });
  woken.wait();
}

TEST_P(EventFeedTest, TheSlowestPlaceIsHeldUntilItsWatcherGoes) {
  under_test_->Append(10);
  EXPECT_EQ(feed_->SlowestPlace(), 10);
  auto slow = feed_->HoldPlace(2);
  auto fast = feed_->HoldPlace(8);
  EXPECT_EQ(feed_->SlowestPlace(), 2);
  slow->Advance(9);
  EXPECT_EQ(feed_->SlowestPlace(), 8);
  fast.reset();
  EXPECT_EQ(feed_->SlowestPlace(), 9);
  slow.reset();
  EXPECT_EQ(feed_->SlowestPlace(), 10);
}

class SharedEventFeedTest : public testing::Test {};

TEST_F(SharedEventFeedTest, AWatcherOfOneReplicaHearsWhatAnotherOneCommits) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kPostgres);
  LogUnderTest here(url), there(url);
  EventFeed feed(here.log());
  std::promise<void> woken;
  feed.WakeAfter(0, kNever, [&woken] { woken.set_value(); });
  there.Append(3);
  woken.get_future().wait();
  EXPECT_EQ(Positions(feed.After(0).value()), Range(1, 3));
  EXPECT_EQ(here.log().head(), 3);
  here.Append(2);
  EXPECT_EQ(Positions(feed.After(0).value()), Range(1, 5));
}

TEST_F(SharedEventFeedTest, AFeedThatAnotherReplicasRetentionHasOvertakenGoesOn) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kPostgres);
  LogUnderTest here(url), there(url);
  there.Append(20);
  ASSERT_TRUE(there
                  .Write([&there](Connection& connection) {
                    there.log().CompactUpTo(connection, 10, 10);
                    return absl::OkStatus();
                  })
                  .ok());
  bool told_of_all = false;
  EventFeed feed(here.log(), [&told_of_all](const std::vector<EventPointer>& events) {
    told_of_all = told_of_all || events.empty();
  });
  ASSERT_TRUE(Await([&feed] { return feed.end() == 20; }));
  EXPECT_TRUE(told_of_all);
  EXPECT_EQ(ReasonOf(feed.After(0).status()), "EVENTS_COMPACTED");
  there.Append(1);
  ASSERT_TRUE(Await([&feed] { return feed.end() == 21; }));
  EXPECT_EQ(Positions(feed.After(10).value()), Range(11, 21));
}

TEST_F(SharedEventFeedTest, AFeedGoesOnBehindAMissingEventAndPassesItOverForNobody) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kPostgres);
  LogUnderTest here(url), there(url);
  there.Append(20);
  there.Execute("DELETE FROM events WHERE position = 5");
  EventFeed feed(here.log());
  ASSERT_TRUE(Await([&feed] { return feed.end() == 20; }));
  EXPECT_TRUE(Await([&feed] { return feed.IsCurrent(absl::Milliseconds(200)); }));
  EXPECT_EQ(Positions(feed.After(0).value()), Range(1, 4));
  EXPECT_EQ(ReasonOf(feed.After(4).status()), "EVENTS_MISSING");
}

TEST_F(SharedEventFeedTest, AFeedIsCurrentOnlyWhileItHearsOfOthers) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kPostgres);
  LogUnderTest here(url);
  EventFeed feed(here.log());
  constexpr absl::Duration kAgeMax = absl::Milliseconds(200);
  ASSERT_TRUE(Await([&] { return feed.IsCurrent(kAgeMax); }));
  StopPostgres();
  EXPECT_TRUE(Await([&] { return !feed.IsCurrent(kAgeMax); }));
  StartPostgres();
  EXPECT_TRUE(Await([&] { return feed.IsCurrent(kAgeMax); }));
}

TEST_F(SharedEventFeedTest, ALogThatHasLostItsEndIsNeitherWrittenToNorBelieved) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kPostgres);
  LogUnderTest here(url), there(url);
  here.Append(5);
  // As a server has it that lacked the last commits when it took over.
  there.Execute("DELETE FROM events WHERE position > 3");
  there.Execute("UPDATE event_log SET head = 3");
  EXPECT_FALSE(here.log().RefreshHead().ok());
  here.ExpectTheWriterToFail();
  EXPECT_FALSE(here.Write(here.Appending("a sixth event")).ok());
  EXPECT_EQ(here.log().head(), 5);
}

}  // namespace
}  // namespace marginalia
