// The promises of the design that comments-service keeps by itself, one test each.
#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/rpc/raw_message.h"
#include "tests/comments_service/invoices_under_test.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

class PromisesTest : public ServiceTest {
 protected:
  std::int64_t Rows(const std::string& table) { return service().CountRows(table); }
};
INSTANTIATE_ON_EVERY_DATABASE(PromisesTest);

TEST_P(PromisesTest, DurableAnAcknowledgedCommentIsThereAfterARestart) {
  const auto added = service().As("org", "dana").Post("INV-1", "a body");
  Start();
  const auto page = service().As("org", "dana").List("INV-1");
  ASSERT_EQ(page->comments_size(), 1);
  EXPECT_EQ(page->comments(0).SerializeAsString(), added.comment().SerializeAsString());
}

TEST_P(PromisesTest, AtomicCommentAuditEntryAndEventExistTogetherOrNotAtAll) {
  const Client dana = service().As("org", "dana");
  dana.Post("INV-1", "a body");
  const bool sqlite = GetParam() == DatabaseKind::kSqlite;
  const std::string refuse =
      sqlite ? "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries"
               " BEGIN SELECT RAISE(ABORT, 'refused'); END"
             : "ALTER TABLE audit_entries ADD CONSTRAINT refuse CHECK (FALSE) NOT VALID";
  const std::string take_again =
      sqlite ? "DROP TRIGGER refuse" : "ALTER TABLE audit_entries DROP CONSTRAINT refuse";
  service().Tamper([&](soci::session& session) { session << refuse; });
  EXPECT_FALSE(service().As("org", "eve").Add("INV-1", NewUuid(), "b").ok());
  EXPECT_FALSE(service().As("org", "eve").Add("INV-2", NewUuid(), "b").ok());
  service().Tamper([&](soci::session& session) { session << take_again; });
  EXPECT_EQ(dana.Post("INV-1", "a body").comment().sequence(), 2);
  for (const char* table :
       {"comments", "thread_comments", "comment_ids", "audit_entries", "events"}) {
    EXPECT_EQ(Rows(table), 2) << table;
  }
  EXPECT_EQ(Rows("threads"), 1);
  EXPECT_TRUE(service().As("org", "alex", "admin").Verify()->intact());
}

TEST_P(PromisesTest, AtomicAFailedWriteUndoesOnlyItself) {
  const std::string refuse =
      GetParam() == DatabaseKind::kSqlite
          ? "CREATE TRIGGER refuse BEFORE INSERT ON comments WHEN NEW.author_id = 'eve'"
            " BEGIN SELECT RAISE(ABORT, 'refused'); END"
          : "ALTER TABLE comments ADD CONSTRAINT refuse CHECK (author_id <> 'eve')";
  service().Tamper([&](soci::session& session) { session << refuse; });
  std::vector<std::thread> callers;
  std::atomic<int> acknowledged = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      const Client caller = service().As("org", i % 4 == 0 ? "eve" : "dana");
      for (int j = 0; j < 20; ++j) {
        if (caller.Add("INV-1", NewUuid(), "b").ok()) ++acknowledged;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(acknowledged, 6 * 20);
  EXPECT_EQ(Rows("comments"), 6 * 20);
  EXPECT_EQ(Rows("events"), 6 * 20);
  EXPECT_EQ(service().As("org", "dana").List("INV-1")->total_size(), 6 * 20);
  EXPECT_TRUE(service().As("org", "alex", "admin").Verify()->intact());
}

TEST_P(PromisesTest, IdempotentARetryIsTheSameCommentAlsoAfterARestart) {
  const std::string id = NewUuid();
  const auto first = service().As("org", "dana").Add("INV-1", id, "a body");
  Start();
  const auto again = service().As("org", "dana").Add("INV-1", id, "a body");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->comment().SerializeAsString(), first->comment().SerializeAsString());
  EXPECT_EQ(again->receipt().audit_hash(), first->receipt().audit_hash());
}

TEST_P(PromisesTest, TheLogHasNoGapsAndResumesWithTheNextPosition) {
  const Client machine = service().AsService();
  std::vector<std::thread> posters;
  for (int i = 0; i < 6; ++i) {
    posters.emplace_back([&, i] {
      const Client caller = service().As("org" + std::to_string(i % 3), "dana");
      for (int j = 0; j < 30; ++j) {
        caller.Post("INV-" + std::to_string(j % 2), "b");
        // A refused write must not leave a hole.
        EXPECT_FALSE(caller.Add("INV-1", "x", "b").ok());
      }
    });
  }
  std::string checkpoint;
  std::int64_t last = 0;
  while (last < 6 * 30) {
    WatchStream watch =
        checkpoint.empty() ? machine.WatchFromBeginning() : machine.WatchAfter(checkpoint);
    for (const v1::Event& event : watch.Events(std::min<std::size_t>(7, 6 * 30 - last)))
      ASSERT_EQ(event.position(), ++last);
    checkpoint = watch.checkpoint();
  }
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(last, 6 * 30);
}

TEST_P(PromisesTest, ReadYourWritesThroughEveryReader) {
  const Client dana = service().As("org", "dana");
  for (int i = 1; i <= 50; ++i) {
    const auto added = dana.Post("INV-1", "b");
    EXPECT_EQ(dana.List("INV-1", 5)->total_size(), i);
    EXPECT_EQ(dana.Recent(1)->comments(0).comment_id(), added.comment().comment_id());
    EXPECT_TRUE(dana.Get("INV-1", added.comment().comment_id()).ok());
  }
}

TEST_P(PromisesTest, IsolationATenantSeesNothingOfAnother) {
  const auto theirs = service().As("rival", "mallory", "admin").Post("INV-1", "secret");
  const Client dana = service().As("org", "dana", "admin");
  EXPECT_EQ(dana.List("INV-1")->total_size(), 0);
  EXPECT_EQ(dana.Recent()->total_size(), 0);
  EXPECT_EQ(dana.Recent()->comments_size(), 0);
  EXPECT_EQ(dana.Audit()->entries_size(), 0);
  EXPECT_EQ(dana.Verify()->entry_count(), 0);
  const absl::Status get = dana.Get("INV-1", theirs.comment().comment_id()).status();
  EXPECT_EQ(get.message(), dana.Get("INV-1", NewUuid()).status().message());
  EXPECT_EQ(ReasonOf(dana.WatchAfter(theirs.consistency_token()).End()), "RESUME_TOKEN_INVALID");
  WatchStream watch = dana.WatchFromBeginning();
  EXPECT_EQ(watch.Next()->events_size(), 0);
}

TEST_P(PromisesTest, BoundedATooLargeRequestIsRefusedAndTheServiceGoesOn) {
  const Client dana = service().As("org", "dana");
  EXPECT_EQ(dana.Add("INV-1", NewUuid(), std::string(kRequestBytesMax, 'x')).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(dana.Add("INV-1", NewUuid(), "b").ok());
}

TEST_P(PromisesTest, RollingRestartsNothingAcknowledgedIsLostByADrain) {
  std::set<std::string> acknowledged;
  std::thread poster([&] {
    const Client dana = service().As("org", "dana");
    for (int i = 0; i < 100'000; ++i) {
      const std::string id = NewUuid();
      const auto added = dana.Add("INV-1", id, "b");
      if (!added.ok()) {
        EXPECT_EQ(added.status().code(), absl::StatusCode::kUnavailable) << added.status();
        break;
      }
      acknowledged.insert(id);
    }
  });
  WatchStream watch = service().AsService().Watch();
  watch.Events(20);
  service().Drain();
  poster.join();
  Start();
  const Client dana = service().As("org", "dana");
  for (const std::string& id : acknowledged) ASSERT_TRUE(dana.Get("INV-1", id).ok());
}

TEST_P(PromisesTest, AvailabilityKnownThreadsDoNotNeedInvoiceService) {
  const std::string invoice = "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001";
  std::string address;
  {
    InvoicesUnderTest invoices;
    invoices.Know("org", invoice, invoice);
    address = invoices.address();
    Start({.invoices_address = address});
    ASSERT_TRUE(service().As("org", "dana").Add(invoice, NewUuid(), "b").ok());
  }
  EXPECT_TRUE(service().As("org", "dana").Add(invoice, NewUuid(), "b").ok());
  EXPECT_EQ(service().As("org", "dana").List(invoice)->total_size(), 2);
}

}  // namespace
}  // namespace marginalia
