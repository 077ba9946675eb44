#include "services/events/log/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "tests/events/log_under_test.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;

class EventLogTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  EventLogTest() { Open(); }
  void Open(bool start_new_log = false) {
    under_test_.reset();
    under_test_.emplace(url_, start_new_log);
  }
  EventLog& log() { return under_test_->log(); }
  std::vector<std::int64_t> After(std::int64_t position, int limit = 10'000) {
    const auto events = log().ReadAfter(position, limit);
    EXPECT_TRUE(events.ok()) << events.status();
    return events.ok() ? Positions(*events) : std::vector<std::int64_t>{};
  }

  const std::string url_ = NewDatabaseUrl(GetParam());
  std::optional<LogUnderTest> under_test_;
};

INSTANTIATE_ON_EVERY_DATABASE(EventLogTest);

TEST_P(EventLogTest, ANewLogIsEmptyAndHasAnId) {
  EXPECT_EQ(log().head(), 0);
  EXPECT_THAT(log().id(), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_THAT(After(0), IsEmpty());
  EXPECT_EQ(log().OldestRetained().value(), 1);
}

TEST_P(EventLogTest, EventsComeBackAsTheyWereAppended) {
  const std::string payload("\0\xff bytes \"quoted\" \\ {and}, braced", 32);
  ASSERT_EQ(under_test_->Write([&](Connection& connection) {
    for (const char* org : {"acme", "o\"r{g,\\"}) {
      log().Append(connection, org, "INV 1,2", absl::Now(),
                   [&payload](std::int64_t) { return payload; });
    }
    return absl::OkStatus();
  }),
            absl::OkStatus());
  const auto events = log().ReadAfter(0, 10);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ((*events)[0]->org_id, "acme");
  EXPECT_EQ((*events)[1]->org_id, "o\"r{g,\\");
  EXPECT_EQ((*events)[1]->subject, "INV 1,2");
  EXPECT_EQ((*events)[1]->payload, payload);
}

// What a service keeps elsewhere, here in its code: the rest of each payload is its position.
void CompleteFromPosition(Connection&, std::vector<std::shared_ptr<Event>>& events) {
  for (const std::shared_ptr<Event>& event : events) {
    if (!event->subject.empty() || event->payload == "lost") continue;
    event->subject = "invoice";
    event->payload = absl::StrCat(event->position, " ", event->payload);
  }
}

TEST_P(EventLogTest, WhatIsStoredAsAStubIsReadWhole) {
  under_test_.emplace(url_, /*start_new_log=*/false, CompleteFromPosition);
  std::vector<EventPointer> told;
  log().OnCommitted(
      [&told](const auto& events) { told.insert(told.end(), events.begin(), events.end()); });
  const auto append = [this](int count, const std::string& stub) {
    EXPECT_EQ(under_test_->Write([&](Connection& connection) {
      EXPECT_TRUE(log().stores_stubs());
      for (int i = 0; i < count; ++i) {
        log().Append(
            connection, "acme", "invoice", absl::Now(),
            [](std::int64_t position) { return absl::StrCat(position, " text"); }, stub);
      }
      return absl::OkStatus();
    }),
              absl::OkStatus());
  };
  append(1, "");
  append(300, "text");
  append(2, "");
  const auto events = log().ReadAfter(0, 1000);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 303u);
  ASSERT_EQ(told.size(), 303u);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ((*events)[i]->subject, "invoice");
    EXPECT_EQ((*events)[i]->payload, told[i]->payload);
  }
  EXPECT_EQ(under_test_->Write([this](Connection& connection) {
    log().Rewrite(connection, 7, [](std::string_view payload) {
      ADD_FAILURE() << "a stub has nothing to rewrite: " << payload;
      return "";
    });
    return absl::OkStatus();
  }),
            absl::OkStatus());
  append(1, "lost");
  EXPECT_EQ(ReasonOf(log().ReadAfter(303, 10).status()), "EVENTS_MISSING");
  EXPECT_EQ(After(301), Range(302, 303));
}

TEST_P(EventLogTest, PositionsHaveNoGapOverManyGroupsAndReopenings) {
  for (int round = 0; round < 3; ++round) {
    for (int count = 1; count <= 5; ++count) under_test_->Append(count);
    Open();
  }
  EXPECT_EQ(log().head(), 45);
  EXPECT_EQ(After(0), Range(1, 45));
  EXPECT_EQ(After(40), Range(41, 45));
  EXPECT_EQ(After(0, 7), Range(1, 7));
  EXPECT_THAT(After(45), IsEmpty());
  EXPECT_THAT(After(1'000), IsEmpty());
}

TEST_P(EventLogTest, AWriteThatIsUndoneLeavesNoGap) {
  under_test_->Append(2);
  auto append = under_test_->Appending("never");
  EXPECT_FALSE(under_test_
                   ->Write([&append](Connection& connection) -> absl::Status {
                     (void)append(connection);
                     throw std::runtime_error("changed my mind");
                   })
                   .ok());
  EXPECT_EQ(log().head(), 2);
  under_test_->Append(1);
  EXPECT_EQ(After(0), Range(1, 3));
}

TEST_P(EventLogTest, CommittedEventsAreHeardOfInOrderOnceTheyAreDurable) {
  std::vector<std::int64_t> heard;
  log().OnCommitted([&](const std::vector<EventPointer>& events) {
    for (const EventPointer& event : events) {
      heard.push_back(event->position);
      EXPECT_LE(event->position, log().head());
    }
    EXPECT_EQ(log().ReadAfter(events.front()->position - 1, 1).value().front()->payload,
              events.front()->payload);
  });
  under_test_->Append(3);
  under_test_->Append(1);
  EXPECT_EQ(heard, Range(1, 4));
}

TEST_P(EventLogTest, ALargePageEndsEarlyAndGoesOnWhereItEnded) {
  const std::string large(kReadBytesMax / 10, 'x');
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(under_test_->Write(under_test_->Appending(large)), absl::OkStatus());
  }
  std::vector<std::int64_t> all;
  int pages = 0;
  for (std::vector<std::int64_t> page = After(0); !page.empty(); page = After(all.back())) {
    EXPECT_LE(page.size(), 10u);
    all.insert(all.end(), page.begin(), page.end());
    ++pages;
  }
  EXPECT_EQ(all, Range(1, 30));
  EXPECT_EQ(pages, 3);
}

TEST_P(EventLogTest, CompactedEventsAreRefusedWithTheOldestPosition) {
  under_test_->Append(10);
  std::int64_t removed = 0;
  const auto compact = [&](std::int64_t position, int limit) {
    EXPECT_EQ(under_test_->Write([&, position, limit](Connection& connection) {
      removed = log().CompactUpTo(connection, position, limit);
      return absl::OkStatus();
    }),
              absl::OkStatus());
    return removed;
  };
  EXPECT_EQ(compact(6, 4), 4);
  EXPECT_EQ(compact(6, 4), 2);
  EXPECT_EQ(compact(6, 4), 0);
  EXPECT_EQ(log().OldestRetained().value(), 7);
  for (const std::int64_t position : {0, 5}) {
    const absl::Status compacted = log().ReadAfter(position, 10).status();
    EXPECT_EQ(compacted.code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(ReasonOf(compacted), "EVENTS_COMPACTED");
    EXPECT_EQ(ErrorMetadataOf(compacted, "oldest_position"), "7");
  }
  EXPECT_EQ(After(6), Range(7, 10));
  Open();
  EXPECT_EQ(log().OldestRetained().value(), 7);
  under_test_->Append(1);
  EXPECT_EQ(After(6), Range(7, 11));
}

TEST_P(EventLogTest, WhatComesBeforeAMissingEventIsReadAndItIsNotPassedOver) {
  under_test_->Append(5);
  under_test_->Execute("DELETE FROM events WHERE position = 3");
  EXPECT_EQ(After(0), Range(1, 2));
  const absl::Status missing = log().ReadAfter(2, 10).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(missing), "EVENTS_MISSING");
  EXPECT_EQ(After(3), Range(4, 5));
  under_test_->Execute("DELETE FROM events WHERE position = 5");
  EXPECT_EQ(After(3), Range(4, 4));
  EXPECT_EQ(ReasonOf(log().ReadAfter(4, 10).status()), "EVENTS_MISSING");
}

TEST_P(EventLogTest, ANewLogKeepsItsEventsAndChangesItsId) {
  under_test_->Append(2);
  const std::string old_id = log().id();
  Open();
  EXPECT_EQ(log().id(), old_id);
  Open(/*start_new_log=*/true);
  EXPECT_NE(log().id(), old_id);
  EXPECT_EQ(log().head(), 2);
  const std::string new_id = log().id();
  Open();
  EXPECT_EQ(log().id(), new_id);
}

TEST_P(EventLogTest, AProcessWhoseLogWasReplacedAnswersUnavailableAndEnds) {
  under_test_->Append(1);
  under_test_->Execute("UPDATE event_log SET log_id = 'another'");
  under_test_->ExpectTheWriterToFail();
  int runs = 0;
  const auto late = [&runs](Connection&) {
    ++runs;
    return absl::OkStatus();
  };
  EXPECT_EQ(under_test_->Write(late).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(under_test_->Write(late).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(runs, 0);
  EXPECT_THAT(under_test_->AwaitFailure(), testing::HasSubstr("--start_new_log"));
  EXPECT_EQ(After(0), Range(1, 1));
}

TEST_P(EventLogTest, AProcessWhoseLogHasLostItsEndAnswersUnavailableAndEnds) {
  under_test_->Append(3);
  under_test_->Execute("UPDATE event_log SET head = 1");
  under_test_->ExpectTheWriterToFail();
  EXPECT_EQ(under_test_->Write(under_test_->Appending("late")).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_THAT(under_test_->AwaitFailure(), testing::HasSubstr("has lost its end"));
}

TEST_P(EventLogTest, TheNewestEventBeforeATimeIsFound) {
  const absl::Time start = absl::FromUnixSeconds(1'000'000);
  EXPECT_EQ(log().NewestBefore(absl::Now()).value(), 0);
  for (int second = 0; second < 20; ++second) {
    under_test_->Append(2, start + absl::Seconds(second));
  }
  EXPECT_EQ(log().NewestBefore(start).value(), 0);
  EXPECT_EQ(log().NewestBefore(start + absl::Microseconds(1)).value(), 2);
  EXPECT_EQ(log().NewestBefore(start + absl::Seconds(7)).value(), 14);
  EXPECT_EQ(log().NewestBefore(start + absl::Hours(1)).value(), 40);
}

TEST_P(EventLogTest, ATimeIsNeverBeforeThatOfTheEventBeforeItWhoeverWroteIt) {
  const absl::Time future = absl::Now() + absl::Hours(1);
  std::optional<LogUnderTest> other;
  // A SQLite file has one process at a time.
  if (GetParam() == DatabaseKind::kPostgres) other.emplace(url_);
  under_test_->Append(1, future);
  if (!other) Open();
  LogUnderTest& later = other ? *other : *under_test_;
  later.Append(1, absl::Now());
  EXPECT_EQ(later.log().NewestBefore(future).value(), 0);
  EXPECT_EQ(later.log().NewestBefore(future + absl::Microseconds(1)).value(), 2);
  std::vector<std::int64_t> times(2);
  EXPECT_EQ(later.Write([&times](Connection& connection) {
    const TenantScope all(connection, Tenants::All());
    connection.sql() << "SELECT event_time FROM events ORDER BY position", soci::into(times);
    return absl::OkStatus();
  }),
            absl::OkStatus());
  EXPECT_EQ(times, std::vector<std::int64_t>(2, absl::ToUnixMicros(future)));
}

TEST_P(EventLogTest, ReadersNeverSeeAGapWhileWritersAppend) {
  constexpr int kWriters = 4;
  constexpr int kEventsEach = 100;
  under_test_->writes();
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([this] {
      for (int event = 0; event < kEventsEach; ++event) under_test_->Append(1);
    });
  }
  std::int64_t position = 0;
  while (position < kWriters * kEventsEach) {
    const std::vector<std::int64_t> next = After(position);
    if (next.empty()) continue;
    EXPECT_EQ(next, Range(position + 1, position + static_cast<std::int64_t>(next.size())));
    position = next.back();
  }
  for (std::thread& writer : writers) writer.join();
}

class SharedEventLogTest : public testing::Test {
 protected:
  const std::string url_ = NewDatabaseUrl(DatabaseKind::kPostgres);
};

TEST_F(SharedEventLogTest, ReplicasAppendToOneLogWithoutAGap) {
  constexpr int kReplicas = 3;
  constexpr int kEventsEach = 50;
  std::vector<std::unique_ptr<LogUnderTest>> replicas;
  std::vector<std::thread> writers;
  for (int i = 0; i < kReplicas; ++i) replicas.push_back(std::make_unique<LogUnderTest>(url_));
  for (auto& replica : replicas) {
    writers.emplace_back([&replica] {
      for (int event = 0; event < kEventsEach; ++event) replica->Append(1);
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (auto& replica : replicas) {
    EXPECT_EQ(replica->log().id(), replicas[0]->log().id());
    EXPECT_EQ(replica->log().RefreshHead().value(), kReplicas * kEventsEach);
    const auto events = replica->log().ReadAfter(0, 1'000);
    ASSERT_TRUE(events.ok()) << events.status();
    EXPECT_EQ(Positions(*events), Range(1, kReplicas * kEventsEach));
  }
}

}  // namespace
}  // namespace marginalia
