// What of a thread's pages is kept in memory, and what a write of which kind takes away of it.
#include "comments-service/thread/thread_blocks.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comments-service/schema.h"
#include "comments-service/thread/thread_pages.h"
#include "marginalia/comments/v1/event.pb.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr ThreadRef kThread{"org", "invoice"};
constexpr ThreadRef kOther{"org", "other"};
constexpr ThreadRef kForeign{"other", "invoice"};

std::string CommentAt(std::int64_t sequence, std::string_view words = "") {
  return "[" + std::to_string(sequence) + std::string(words) + "]";
}

// As a page has them: newest first.
std::string CommentsOf(const ThreadSpan& span, std::string_view words = "") {
  std::string comments;
  for (std::int64_t n = span.newest; n >= span.oldest; --n) comments += CommentAt(n, words);
  return comments;
}

EventPointer EventOf(const ThreadRef& thread, const std::string& payload) {
  auto event = std::make_shared<Event>();
  event->org_id = thread.org_id;
  event->subject = thread.invoice_id;
  event->payload = payload;
  return event;
}

class ThreadBlocksTest : public testing::Test {
 protected:
  void KeepComments(const ThreadRef& thread, const ThreadSpan& span,
                    const ThreadBlocks::Version& version, std::string_view words = "") {
    std::string comments;
    std::vector<std::size_t> ends;
    for (std::int64_t n = span.newest; n >= span.oldest; --n) {
      comments += CommentAt(n, words);
      ends.push_back(comments.size());
    }
    blocks_.KeepComments(thread, version, span, comments, ends);
  }
  void Keep(const ThreadRef& thread, const ThreadSpan& span) {
    KeepComments(thread, span, blocks_.VersionOf(thread));
    KeepEnd(thread, blocks_.VersionOf(thread));
  }
  void KeepEnd(const ThreadRef& thread, const ThreadBlocks::Version& version) {
    blocks_.KeepEnd(thread, version, {.place_count = 100, .encoded = "end"});
  }
  bool HasEnd(const ThreadRef& thread) { return blocks_.FindEnd(thread) != nullptr; }
  // "": they are not all there.
  std::string Comments(const ThreadRef& thread, const ThreadSpan& span) {
    std::string page;
    return blocks_.AppendComments(thread, span, page) ? page : "";
  }

  // Runs `between` while the commit of a write to the thread is under way.
  void CommitTo(
      std::int64_t changed, const std::function<void()>& between = [] {}, bool erased = false) {
    GroupCommit writes(*database_, {&pages_, &between_}, [](std::string_view) {});
    between_.run = between;
    const absl::Status written = writes.SubmitAndWait(SteadyTime::Never(), [&](Connection&) {
      pages_.Touch(kThread.org_id, kThread.invoice_id, changed, erased);
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
  ThreadBlocks& blocks_ = pages_.blocks();
  Between between_;
};

TEST_F(ThreadBlocksTest, EverySpanOfWhatIsKeptIsFoundAndNothingBeyond) {
  const ThreadSpan kept{.newest = 70, .oldest = 31};
  Keep(kThread, kept);
  for (std::int64_t newest = 1; newest <= 100; ++newest) {
    for (std::int64_t oldest = 1; oldest <= newest; ++oldest) {
      const ThreadSpan span{.newest = newest, .oldest = oldest};
      const bool inside = newest <= kept.newest && oldest >= kept.oldest;
      ASSERT_EQ(Comments(kThread, span), inside ? CommentsOf(span) : "") << newest << " " << oldest;
    }
  }
}

TEST_F(ThreadBlocksTest, WhatIsNotAllThereLeavesThePageAsItWas) {
  Keep(kThread, {.newest = 70, .oldest = 60});
  std::string page = "before";
  EXPECT_FALSE(blocks_.AppendComments(kThread, {.newest = 70, .oldest = 50}, page));
  EXPECT_EQ(page, "before");
}

TEST_F(ThreadBlocksTest, PartsOfABlockComeTogether) {
  Keep(kThread, {.newest = 40, .oldest = 36});
  Keep(kThread, {.newest = 50, .oldest = 46});
  EXPECT_EQ(Comments(kThread, {.newest = 50, .oldest = 36}), "");
  Keep(kThread, {.newest = 47, .oldest = 39});
  EXPECT_EQ(Comments(kThread, {.newest = 50, .oldest = 36}),
            CommentsOf({.newest = 50, .oldest = 36}));
}

TEST_F(ThreadBlocksTest, AnotherThreadOrTenantHasNothingOfIt) {
  const ThreadSpan span{.newest = 20, .oldest = 1};
  Keep(kThread, span);
  for (const ThreadRef& thread : {kOther, kForeign}) {
    EXPECT_FALSE(HasEnd(thread));
    EXPECT_EQ(Comments(thread, span), "");
  }
}

TEST_F(ThreadBlocksTest, AnAddedCommentTakesTheEndAndNoComment) {
  const ThreadSpan span{.newest = 70, .oldest = 1};
  Keep(kThread, span);
  Keep(kOther, span);
  CommitTo(0);
  EXPECT_FALSE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, span), CommentsOf(span));
  EXPECT_TRUE(HasEnd(kOther));
}

TEST_F(ThreadBlocksTest, AChangeTakesTheEndAndTheBlockOfItsComment) {
  const ThreadSpan first{.newest = kBlockComments, .oldest = 1};
  const ThreadSpan second{.newest = 2 * kBlockComments, .oldest = kBlockComments + 1};
  Keep(kThread, first);
  Keep(kThread, second);
  Keep(kOther, first);
  CommitTo(kBlockComments);
  EXPECT_FALSE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, first), "");
  EXPECT_EQ(Comments(kThread, second), CommentsOf(second));
  EXPECT_EQ(Comments(kOther, first), CommentsOf(first));
}

TEST_F(ThreadBlocksTest, OfWhatWasReadBeforeAnAddedCommentTheCommentsAreKept) {
  const ThreadSpan span{.newest = 20, .oldest = 1};
  const ThreadBlocks::Version version = blocks_.VersionOf(kThread);
  CommitTo(0);
  KeepEnd(kThread, version);
  KeepComments(kThread, span, version);
  EXPECT_FALSE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, span), CommentsOf(span));
}

TEST_F(ThreadBlocksTest, OfWhatWasReadBeforeAChangeNothingIsKept) {
  const ThreadSpan span{.newest = 20, .oldest = 1};
  const ThreadBlocks::Version version = blocks_.VersionOf(kThread);
  CommitTo(7);
  KeepEnd(kThread, version);
  KeepComments(kThread, span, version, " old");
  EXPECT_FALSE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, span), "");
}

TEST_F(ThreadBlocksTest, OfWhatIsReadWhileAChangeIsCommittedNothingIsKept) {
  const ThreadSpan span{.newest = 20, .oldest = 1};
  ThreadBlocks::Version version;
  CommitTo(7, [&] {
    version = blocks_.VersionOf(kThread);
    KeepEnd(kThread, version);
    KeepComments(kThread, span, version, " old");
    EXPECT_FALSE(HasEnd(kThread));
    EXPECT_EQ(Comments(kThread, span), "");
  });
  KeepEnd(kThread, version);
  KeepComments(kThread, span, version, " old");
  EXPECT_FALSE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, span), "");
  Keep(kThread, span);
  EXPECT_TRUE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, span), CommentsOf(span));
}

TEST_F(ThreadBlocksTest, AnEndReadWhileACommentIsAddedIsNotKept) {
  ThreadBlocks::Version version;
  CommitTo(0, [&] {
    version = blocks_.VersionOf(kThread);
    KeepEnd(kThread, version);
    EXPECT_FALSE(HasEnd(kThread));
  });
  KeepEnd(kThread, version);
  EXPECT_FALSE(HasEnd(kThread));
}

TEST_F(ThreadBlocksTest, WhoLooksTwiceSeesThatAWriteCameInBetween) {
  const ThreadBlocks::Version before = blocks_.VersionOf(kThread);
  CommitTo(0);
  const ThreadBlocks::Version added = blocks_.VersionOf(kThread);
  EXPECT_NE(added, before);
  EXPECT_EQ(added.changes, before.changes);
  CommitTo(7);
  EXPECT_NE(blocks_.VersionOf(kThread).changes, added.changes);
}

TEST_F(ThreadBlocksTest, AWholePageIsFoundByItsTokenUntilTheThreadIsWrittenTo) {
  const auto page = std::make_shared<const std::string>("page");
  const auto keep = [&](const ThreadRef& thread) {
    KeepEnd(thread, blocks_.VersionOf(thread));
    blocks_.KeepPage(thread, 20, "token", blocks_.VersionOf(thread), page);
  };
  keep(kThread);
  keep(kOther);
  EXPECT_EQ(blocks_.FindPage(kThread, 20, "token"), page);
  EXPECT_EQ(blocks_.FindPage(kThread, 21, "token"), nullptr);
  EXPECT_EQ(blocks_.FindPage(kThread, 20, "another"), nullptr);
  EXPECT_EQ(blocks_.FindPage(kForeign, 20, "token"), nullptr);
  const ThreadBlocks::Version before = blocks_.VersionOf(kThread);
  CommitTo(0, [&] {
    EXPECT_EQ(blocks_.FindPage(kThread, 20, "token"), nullptr);
    keep(kThread);
    EXPECT_EQ(blocks_.FindPage(kThread, 20, "token"), nullptr);
  });
  KeepEnd(kThread, blocks_.VersionOf(kThread));
  EXPECT_EQ(blocks_.FindPage(kThread, 20, "token"), nullptr);
  blocks_.KeepPage(kThread, 20, "token", before, page);
  EXPECT_EQ(blocks_.FindPage(kThread, 20, "token"), nullptr);
  keep(kThread);
  EXPECT_EQ(blocks_.FindPage(kThread, 20, "token"), page);
  EXPECT_EQ(blocks_.FindPage(kOther, 20, "token"), page);
}

TEST_F(ThreadBlocksTest, AnErasureLeavesNoWholePageInMemory) {
  comments::v1::Event event;
  event.mutable_comment_erased()->mutable_comment()->set_sequence(7);
  const std::vector<std::function<void()>> erasures = {
      [&] {
        CommitTo(
            7, [] {}, true);
      },
      [&] { pages_.OutdateFor({EventOf(kThread, event.SerializeAsString())}); }};
  for (const auto& erase : erasures) {
    const auto page = std::make_shared<const std::string>("page");
    KeepEnd(kThread, blocks_.VersionOf(kThread));
    blocks_.KeepPage(kThread, 20, "token", blocks_.VersionOf(kThread), page);
    ASSERT_EQ(page.use_count(), 2);
    erase();
    EXPECT_EQ(page.use_count(), 1);
  }
}

TEST_F(ThreadBlocksTest, AnotherReplicasEventsTakeWhatTheyChange) {
  const ThreadSpan first{.newest = kBlockComments, .oldest = 1};
  const ThreadSpan second{.newest = 2 * kBlockComments, .oldest = kBlockComments + 1};
  comments::v1::Event event;
  event.set_position(9);
  event.set_org_id("org");
  const auto heard = [&] { pages_.OutdateFor({EventOf(kThread, event.SerializeAsString())}); };
  const auto keep = [&] {
    Keep(kThread, first);
    Keep(kThread, second);
  };
  const auto only_second_is_left = [&] {
    return !HasEnd(kThread) && Comments(kThread, first).empty() &&
           Comments(kThread, second) == CommentsOf(second);
  };

  keep();
  event.mutable_comment_added()->mutable_comment()->set_sequence(3);
  heard();
  EXPECT_FALSE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, first), CommentsOf(first));

  keep();
  event.mutable_comment_edited()->mutable_comment()->set_sequence(3);
  heard();
  EXPECT_TRUE(only_second_is_left());

  keep();
  event.mutable_comment_removed()->mutable_comment()->set_sequence(3);
  heard();
  EXPECT_TRUE(only_second_is_left());

  keep();
  event.mutable_comment_erased()->mutable_comment()->set_sequence(3);
  heard();
  EXPECT_TRUE(only_second_is_left());

  keep();
  event.mutable_thread_resolved();
  heard();
  EXPECT_FALSE(HasEnd(kThread));
  EXPECT_EQ(Comments(kThread, first), CommentsOf(first));
}

TEST_F(ThreadBlocksTest, WhatCannotBeToldTakesAllAway) {
  const ThreadSpan span{.newest = 20, .oldest = 1};
  const std::string unknown_kind = "\x08\x09\xfa\x01\x00";  // position 9, field 31
  for (const auto& events : {std::vector<EventPointer>{}, {EventOf(kOther, unknown_kind)}}) {
    Keep(kThread, span);
    const ThreadBlocks::Version version = blocks_.VersionOf(kThread);
    pages_.OutdateFor(events);
    EXPECT_FALSE(HasEnd(kThread));
    EXPECT_EQ(Comments(kThread, span), "");
    KeepComments(kThread, span, version);
    EXPECT_EQ(Comments(kThread, span), "");
  }
}

TEST_F(ThreadBlocksTest, ManyCommentsStayWithinTheBound) {
  constexpr std::int64_t kBlocks = 4'000;
  const std::string words(1'000, 'x');
  const auto block = [](std::int64_t n) {
    return ThreadSpan{.newest = (n + 1) * kBlockComments, .oldest = n * kBlockComments + 1};
  };
  for (std::int64_t n = 0; n < kBlocks; ++n) {
    KeepComments(kThread, block(n), blocks_.VersionOf(kThread), words);
    ASSERT_EQ(Comments(kThread, block(n)), CommentsOf(block(n), words));
    ASSERT_LE(blocks_.bytes(), kThreadBlocksBytesMax);
  }
  EXPECT_EQ(Comments(kThread, block(0)), "");
  EXPECT_GT(blocks_.bytes(), kThreadBlocksBytesMax / 2);
}

}  // namespace
}  // namespace marginalia
