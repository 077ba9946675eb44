// Several comments-services over one PostgreSQL database.
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "comments-service/thread/comment_listing.h"
#include "services/tokens/consistency_token.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/await.h"
#include "tests/support/postgres_server.h"

namespace marginalia {
namespace {

// As many as one import may bring, all of one moment.
comments::v1::ImportCommentsRequest OldComments(const std::string& invoice_id) {
  comments::v1::ImportCommentsRequest import;
  import.set_invoice_id(invoice_id);
  for (int i = 0; i < 500; ++i) {
    auto& comment = *import.add_comments();
    comment.set_comment_id(NewUuid());
    comment.mutable_author()->set_user_id("dana");
    comment.set_body("imported");
    comment.mutable_create_time()->set_seconds(1'700'000'000);
  }
  return import;
}

class ReplicasTest : public testing::Test {
 protected:
  Client As(int replica, const std::string& role = "member") {
    return replicas_[static_cast<std::size_t>(replica)]->As("org", "dana", role);
  }

  std::int64_t SizeAt(int replica, const std::string& invoice_id) {
    return As(replica).List(invoice_id)->total_size();
  }

  // Ends the replicas and hands back another one, when all of PostgreSQL's sessions have ended that
  // there were: they tell what they have done then, at the latest.
  std::unique_ptr<ServiceUnderTest> AfterAllSessions() {
    constexpr char kSessions[] =
        "SELECT coalesce(string_agg(CAST(pid AS TEXT), ','), '') FROM pg_stat_activity"
        " WHERE datname = current_database()";
    std::string before;
    replicas_[0]->Tamper([&](soci::session& session) { session << kSessions, soci::into(before); });
    replicas_.clear();
    auto later = std::make_unique<ServiceUnderTest>(ServiceOptions{.database_url = url_});
    EXPECT_TRUE(Await([&] {
      std::string still;
      later->Tamper([&](soci::session& session) {
        session << absl::StrCat(kSessions, " AND pid IN (", before, ")"), soci::into(still);
      });
      return still.empty();
    }));
    return later;
  }

  const std::string url_ = NewDatabaseUrl(DatabaseKind::kPostgres);
  std::vector<std::unique_ptr<ServiceUnderTest>> replicas_ = [this] {
    std::vector<std::unique_ptr<ServiceUnderTest>> replicas;
    for (int i = 0; i < 2; ++i) {
      replicas.push_back(std::make_unique<ServiceUnderTest>(ServiceOptions{.database_url = url_}));
    }
    return replicas;
  }();
};

TEST_F(ReplicasTest, AReadWithATokenIncludesTheWriteOnAnyReplica) {
  for (int i = 1; i <= 100; ++i) {
    const int writer = i % 2;
    // So that the other one has the page from before in memory.
    SizeAt(1 - writer, "INV-1");
    const auto added = As(writer).Post("INV-1", "a body");
    const auto page = As(1 - writer).ListAtLeast(added.consistency_token(), "INV-1");
    ASSERT_EQ(page.status(), absl::OkStatus());
    EXPECT_EQ(page->total_size(), i);
    EXPECT_EQ(page->comments(0).comment_id(), added.comment().comment_id());
  }
}

TEST_F(ReplicasTest, AReadWithoutATokenIncludesWhatWasAcknowledgedABoundedTimeAgo) {
  for (int i = 1; i <= 20; ++i) {
    const int writer = i % 2;
    SizeAt(1 - writer, "INV-1");
    As(writer).Post("INV-1", "a body");
    LetPass(absl::ToChronoMilliseconds(kPageAgeMax));
    EXPECT_EQ(SizeAt(1 - writer, "INV-1"), i);
  }
}

TEST_F(ReplicasTest, APageComesFromMemoryAsLongAsNobodyWrites) {
  As(0).Post("INV-1", "a body");
  // As soon as the feed has caught up, the page is read once more and then kept.
  ASSERT_TRUE(Await([this] { return SizeAt(1, "INV-1") == 1; }));
  ASSERT_TRUE(Await([this] {
    const std::int64_t before = replicas_[1]->page_cache_hits();
    SizeAt(1, "INV-1");
    return replicas_[1]->page_cache_hits() > before;
  }));
}

TEST_F(ReplicasTest, ATokenAheadOfTheLogIsRefused) {
  As(0).Post("INV-1", "a body");
  const ServiceUnderTest elsewhere({.database_url = NewDatabaseUrl(DatabaseKind::kPostgres)});
  const std::string foreign =
      elsewhere.As("org", "dana").Post("INV-1", "a body").consistency_token();
  const std::string ahead =
      MakeConsistencyToken({replicas_[0]->feed().log().id(), 1'000'000}, "org");
  for (const std::string& token : {foreign, ahead}) {
    const auto refused = As(0).ListAtLeast(token, "INV-1");
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Reason(refused), "CONSISTENCY_TOKEN_INVALID");
    EXPECT_EQ(Field(refused), "at_least_as_fresh");
  }
}

TEST_F(ReplicasTest, OneIdPostedThroughAllReplicasAtOnceIsOneComment) {
  for (int round = 0; round < 20; ++round) {
    const std::string id = NewUuid();
    std::atomic<int> fresh = 0;
    std::atomic<int> replayed = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
      callers.emplace_back([&, i] {
        const auto added = As(i % 2).Add("INV-1", id, "a body");
        ASSERT_EQ(added.status(), absl::OkStatus());
        ++(added->replayed() ? replayed : fresh);
      });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(fresh, 1);
    EXPECT_EQ(replayed, 7);
  }
  EXPECT_TRUE(As(0, "admin").Verify()->intact());
}

TEST_F(ReplicasTest, AWatcherOfOneReplicaHearsAllOfThemInOrder) {
  WatchStream watch = As(0).WatchFromBeginning();
  constexpr int kPosts = 200;
  std::vector<std::thread> posters;
  for (int replica = 0; replica < 2; ++replica) {
    posters.emplace_back([&, replica] {
      for (int i = 0; i < kPosts / 2; ++i) As(replica).Post("INV-1", "a body");
    });
  }
  const auto events = watch.Events(kPosts);
  for (std::thread& poster : posters) poster.join();
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kPosts));
  for (int i = 0; i < kPosts; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    EXPECT_EQ(event.number(), i + 1);
    EXPECT_EQ(event.comment_added().comment().sequence(), i + 1);
  }
}

TEST_F(ReplicasTest, AReplicaThatIsCutFromTheDatabaseEndsItsWatchesRatherThanCallThemCurrent) {
  As(0).Post("INV-1", "a body");
  WatchStream watch = As(0).WatchFromBeginning();
  ASSERT_EQ(watch.Events(1).size(), 1U);
  StopPostgres();
  const absl::Status ended = watch.End();
  EXPECT_EQ(ReasonOf(ended), "EVENTS_UNAVAILABLE") << ended;
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  StartPostgres();
  ASSERT_TRUE(Await([this] { return As(1).Add("INV-1", NewUuid(), "later").ok(); }));
  // Each replica finds out for itself that the database is back.
  EXPECT_TRUE(Await([&] { return As(0).WatchAfter(watch.checkpoint()).Events(1).size() == 1; }));
}

TEST_F(ReplicasTest, AnImportBesideOthersPostsComesWholeAndItsReplayAddsNothing) {
  const comments::v1::ImportCommentsRequest import = OldComments("INV-1");
  std::thread poster([this] {
    for (int i = 0; i < 20; ++i) As(1).Post("INV-2", "posted");
  });
  const auto imported = replicas_[0]->AsService("org").Import(import);
  poster.join();
  ASSERT_EQ(imported.status(), absl::OkStatus());
  EXPECT_EQ(imported->imported_count(), 500);
  const auto again = replicas_[1]->AsService("org").Import(import);
  ASSERT_EQ(again.status(), absl::OkStatus());
  EXPECT_EQ(again->replayed_count(), 500);
  EXPECT_EQ(As(0).List("INV-1")->total_size(), 500);
  EXPECT_EQ(As(0).List("INV-2")->total_size(), 20);
  EXPECT_TRUE(As(0, "admin").Verify()->intact());
}

TEST_F(ReplicasTest, AWriteReadsAThreadsHeadAndNotTheTenantsOtherComments) {
  constexpr int kPosts = 300;
  // On tables that PostgreSQL knows nothing of yet: their statistics come later.
  for (int i = 0; i < kPosts; ++i) As(0).Post("INV-" + std::to_string(i % 10), "a body");
  std::int64_t rows_read = 0;
  AfterAllSessions()->Tamper([&rows_read](soci::session& session) {
    session << "SELECT idx_tup_read FROM pg_stat_user_indexes"
               " WHERE indexrelname = 'comments_pkey'",
        soci::into(rows_read);
  });
  EXPECT_GT(rows_read, 0);
  // The thread's newest, by the writer; the comment of each event, by the replica that follows.
  EXPECT_LE(rows_read, 3 * kPosts);
}

TEST_F(ReplicasTest, EveryStatementFindsItsRowsByAKey) {
  const Client admin = As(0, "admin");
  const std::string id = NewUuid();
  for (int i = 0; i < 30; ++i) As(i % 2).Post("INV-1", "a body");
  ASSERT_EQ(As(0).Add("INV-1", id, "a body").status(), absl::OkStatus());
  ASSERT_EQ(As(1).Add("INV-1", id, "a body").status(), absl::OkStatus());
  const auto first = As(0).List("INV-1", 5);
  ASSERT_EQ(As(0).List("INV-1", 5, first->next_page_token()).status(), absl::OkStatus());
  ASSERT_EQ(As(0).List("INV-1", 5, first->previous_page_token()).status(), absl::OkStatus());
  ASSERT_EQ(As(0).Get("INV-1", id).status(), absl::OkStatus());
  const auto recent = As(0).Recent(5);
  ASSERT_EQ(As(0).Recent(5, recent->next_page_token()).status(), absl::OkStatus());
  ASSERT_EQ(admin.Audit().status(), absl::OkStatus());
  ASSERT_TRUE(admin.Verify()->intact());
  ASSERT_EQ(replicas_[0]->AsService().Counts().status(), absl::OkStatus());
  ASSERT_EQ(As(0).WatchFromBeginning().Events(31).size(), 31U);
  const std::unique_ptr<ServiceUnderTest> later = AfterAllSessions();
  for (const std::string table : {"comments", "thread_comments", "comment_ids", "threads",
                                  "audit_entries", "audit_heads", "events"}) {
    std::int64_t scans = -1;
    later->Tamper([&](soci::session& session) {
      session << "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = :name", soci::use(table),
          soci::into(scans);
    });
    // That of each key, when it was made; the entries have one beside their primary key.
    EXPECT_EQ(scans, table == "audit_entries" ? 2 : 1) << table;
  }
}

}  // namespace
}  // namespace marginalia
