// What reading the counts of threads costs on a PostgreSQL database that was just filled, before it
// has gathered statistics.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "comments-service/schema.h"
#include "comments-service/thread/store/page_store.h"
#include "services/storage/database.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr int kThreads = 100;
constexpr int kCommentsPerThread = 50;
constexpr int kPage = 20;

// By this session, since it last told the server's statistics.
std::int64_t LookedAt(Connection& connection) {
  std::int64_t rows = 0;
  connection.sql() << "SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read"
                      " FROM pg_stat_xact_user_tables WHERE relname = 'comments'",
      soci::into(rows);
  return rows;
}

class ThreadCountsTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::Status filled = database_->WriteAtStart([](Connection& connection) {
      const TenantScope all(connection, Tenants::All());
      connection.sql() << "INSERT INTO threads (org_id, invoice_id)"
                          " SELECT 'org', 'invoice-' || t FROM generate_series(1, :threads) t",
          soci::use(kThreads);
      connection.sql() << "INSERT INTO comments (org_id, position, invoice_id, sequence,"
                          " comment_id, author_id, author_name, body, create_time)"
                          " SELECT 'org', (t - 1) * :comments + s, 'invoice-' || t, s,"
                          " 'id-' || t || '-' || s, 'ada', 'Ada', 'Paid?', s"
                          " FROM generate_series(1, :threads) t, generate_series(1, :last) s",
          soci::use(kCommentsPerThread), soci::use(kThreads), soci::use(kCommentsPerThread);
      connection.sql() << "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)"
                          " SELECT org_id, invoice_id, sequence, position FROM comments";
      return absl::OkStatus();
    });
    ASSERT_TRUE(filled.ok()) << filled;
  }

  // How many rows of comments PostgreSQL looks at for one page.
  std::int64_t CommentsLookedAt(
      const std::function<const ThreadCountRows&(Connection&)>& read_page) {
    std::int64_t before = 0;
    std::int64_t after = 0;
    const absl::Status read = database_->Read(Tenants::All(), [&](Connection& connection) {
      before = LookedAt(connection);
      EXPECT_EQ(read_page(connection).counts, std::vector<std::int64_t>(kPage, kCommentsPerThread));
      after = LookedAt(connection);
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read;
    return after - before;
  }

  const std::unique_ptr<Database> database_ =
      *Database::Open(NewDatabaseUrl(DatabaseKind::kPostgres), CommentsMigrations());
};

TEST_F(ThreadCountsTest, APageReadsOneCommentOfEachThreadWithoutStatistics) {
  EXPECT_EQ(CommentsLookedAt([](Connection& connection) -> const ThreadCountRows& {
              return ReadThreadCounts(connection, "", "", kPage);
            }),
            kPage);
  EXPECT_EQ(CommentsLookedAt([](Connection& connection) -> const ThreadCountRows& {
              return ReadThreadCountsOf(connection, "org", "", kPage);
            }),
            kPage);
}

}  // namespace
}  // namespace marginalia
