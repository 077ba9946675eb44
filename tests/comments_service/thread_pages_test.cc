#include "comments-service/thread/thread_pages.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "comments-service/schema.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

EncodedPage PageOf(std::size_t bytes) {
  return std::make_shared<const std::string>(std::string(bytes, 'x'));
}

class ThreadPagesTest : public testing::Test {
 protected:
  // Runs `between` while the commit of a write to the thread is under way.
  template <class Between>
  void CommitTo(const std::string& invoice_id, Between between) {
    GroupCommit writes(*database_, {&pages_, &between_}, [](std::string_view) {});
    between_.run = between;
    const absl::Status written = writes.SubmitAndWait(SteadyTime::Never(), [&](Connection&) {
      pages_.Touch("org", invoice_id);
      return absl::OkStatus();
    });
    ASSERT_TRUE(written.ok());
  }

  struct Between : GroupParticipant {
    void Begin(Connection&) override {}
    void BeforeCommit(Connection&) override { run(); }
    void Committed() override {}
    void RolledBack() override {}
    std::function<void()> run;
  };

  std::unique_ptr<Database> database_ =
      *Database::Open(NewDatabaseUrl(DatabaseKind::kSqlite), CommentsMigrations());
  ThreadPages pages_;
  Between between_;
};

TEST_F(ThreadPagesTest, APageIsFoundUnderItsKeyOnly) {
  const ThreadPageKey key{"org", "invoice", 20};
  const EncodedPage page = PageOf(10);
  pages_.Insert(key, pages_.Generation(key), page);
  EXPECT_EQ(pages_.Find(key), page);
  EXPECT_EQ(pages_.Find({"org", "invoice", 21}), nullptr);
  EXPECT_EQ(pages_.Find({"org", "other", 20}), nullptr);
  EXPECT_EQ(pages_.Find({"other", "invoice", 20}), nullptr);
}

TEST_F(ThreadPagesTest, AWriteTakesThePagesOfItsThreadAway) {
  const ThreadPageKey key{"org", "invoice", 20};
  const ThreadPageKey other{"org", "other", 20};
  pages_.Insert(key, pages_.Generation(key), PageOf(10));
  pages_.Insert(other, pages_.Generation(other), PageOf(10));
  CommitTo("invoice", [] {});
  EXPECT_EQ(pages_.Find(key), nullptr);
  EXPECT_NE(pages_.Find(other), nullptr);
}

TEST_F(ThreadPagesTest, APageReadBeforeTheCommitIsNotKept) {
  const ThreadPageKey key{"org", "invoice", 20};
  const std::uint64_t generation = pages_.Generation(key);
  CommitTo("invoice", [] {});
  pages_.Insert(key, generation, PageOf(10));
  EXPECT_EQ(pages_.Find(key), nullptr);
}

TEST_F(ThreadPagesTest, APageReadDuringTheCommitIsNotKept) {
  const ThreadPageKey key{"org", "invoice", 20};
  std::uint64_t generation = 0;
  CommitTo("invoice", [&] {
    generation = pages_.Generation(key);
    pages_.Insert(key, generation, PageOf(10));
    EXPECT_EQ(pages_.Find(key), nullptr);
  });
  pages_.Insert(key, generation, PageOf(10));
  EXPECT_EQ(pages_.Find(key), nullptr);
  pages_.Insert(key, pages_.Generation(key), PageOf(10));
  EXPECT_NE(pages_.Find(key), nullptr);
}

TEST_F(ThreadPagesTest, AnotherReplicasWriteTakesThePagesOfItsThreadAway) {
  const ThreadPageKey key{"org", "invoice", 20};
  const ThreadPageKey other{"org", "other", 20};
  pages_.Insert(key, pages_.Generation(key), PageOf(10));
  pages_.Insert(other, pages_.Generation(other), PageOf(10));
  auto event = std::make_shared<Event>();
  event->org_id = "org";
  event->subject = "invoice";
  pages_.OutdateFor({event});
  EXPECT_EQ(pages_.Find(key), nullptr);
  EXPECT_NE(pages_.Find(other), nullptr);
}

TEST_F(ThreadPagesTest, APageReadBeforeAnotherReplicasWriteWasHeardOfIsNotKept) {
  const ThreadPageKey key{"org", "invoice", 20};
  const std::uint64_t generation = pages_.Generation(key);
  pages_.OutdateFor({});
  pages_.Insert(key, generation, PageOf(10));
  EXPECT_EQ(pages_.Find(key), nullptr);
}

TEST_F(ThreadPagesTest, WritesThatCouldNotBeToldTakeAllPagesAway) {
  for (int i = 0; i < 100; ++i) {
    const std::string invoice = std::to_string(i);
    const ThreadPageKey key{"org", invoice, 20};
    pages_.Insert(key, pages_.Generation(key), PageOf(10));
  }
  pages_.OutdateFor({});
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pages_.Find({"org", std::to_string(i), 20}), nullptr);
  }
}

TEST_F(ThreadPagesTest, ALargePageIsNotKept) {
  const ThreadPageKey key{"org", "invoice", 20};
  pages_.Insert(key, pages_.Generation(key), PageOf(kThreadPageBytesMax + 1));
  EXPECT_EQ(pages_.Find(key), nullptr);
}

TEST_F(ThreadPagesTest, ManyPagesStayWithinTheBounds) {
  constexpr std::size_t kPageBytes = 128 * 1024;
  std::size_t kept = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string invoice = std::to_string(i);
    const ThreadPageKey key{"org", invoice, 20};
    pages_.Insert(key, pages_.Generation(key), PageOf(kPageBytes));
    EXPECT_NE(pages_.Find(key), nullptr);
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string invoice = std::to_string(i);
    if (pages_.Find({"org", invoice, 20}) != nullptr) ++kept;
  }
  EXPECT_GT(kept, 0U);
  EXPECT_LE(kept * kPageBytes, kThreadPagesBytesMax);
}

TEST_F(ThreadPagesTest, AThreadKeepsAFewPageSizes) {
  for (int size = 1; size <= 100; ++size) {
    const ThreadPageKey key{"org", "invoice", size};
    pages_.Insert(key, pages_.Generation(key), PageOf(10));
  }
  int kept = 0;
  for (int size = 1; size <= 100; ++size) {
    if (pages_.Find({"org", "invoice", size}) != nullptr) ++kept;
  }
  EXPECT_EQ(kept, static_cast<int>(kPagesPerThreadMax));
}

}  // namespace
}  // namespace marginalia
