// Pages below the newest, which come from memory once they were read: what they show is what the
// database would, whoever writes meanwhile and through whichever replica.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "comments-service/thread/thread_blocks.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

using Page = v1::ListCommentsResponse;

// Every page of the thread below the newest, and back again from the oldest: the requests' tokens.
std::vector<std::string> TokensOf(const Client& client, const std::string& invoice_id, int size) {
  std::vector<std::string> tokens;
  Page page = *client.List(invoice_id, size);
  while (!page.next_page_token().empty()) {
    tokens.push_back(page.next_page_token());
    page = *client.List(invoice_id, size, tokens.back());
  }
  while (!page.comments().empty()) {
    tokens.push_back(page.previous_page_token());
    page = *client.List(invoice_id, size, tokens.back());
  }
  return tokens;
}

// The edited comment. On a busy machine the database may keep somebody waiting too long: that is
// said with UNAVAILABLE, and done again under the same id.
v1::Comment Edit(const Client& client, const v1::Comment& comment, const std::string& body) {
  const std::string change_id = NewUuid();
  absl::StatusOr<v1::EditCommentResponse> edited;
  EXPECT_TRUE(Await([&] {
    edited = client.Edit(comment, body, change_id);
    return !absl::IsUnavailable(edited.status());
  }));
  EXPECT_EQ(edited.status(), absl::OkStatus());
  return edited.ok() ? edited->comment() : v1::Comment();
}

Page ReadPage(const Client& client, const std::string& token, int size = 10) {
  absl::StatusOr<Page> page;
  EXPECT_TRUE(Await([&] {
    page = client.List("INV-1", size, token);
    return !absl::IsUnavailable(page.status());
  }));
  EXPECT_EQ(page.status(), absl::OkStatus());
  return page.ok() ? *page : Page();
}

// What the page says in the place; "" when it is not that long.
std::string BodyAt(const Page& page, int place) {
  return place < page.comments_size() ? page.comments(place).body() : "";
}

// Of a thread in which only comments of this page were ever edited: whether its end and its
// comments are of one moment.
bool IsOfOneMoment(const Page& page) {
  std::int64_t edits = 0;
  for (const v1::Comment& comment : page.comments()) edits += comment.revision() - 1;
  return page.thread().revision() - page.thread().place_count() == edits;
}

class DeepPagesTest : public ServiceTest {
 protected:
  // Oldest first.
  std::vector<v1::Comment> Post(int count, const std::string& invoice_id = "INV-1") {
    std::vector<v1::Comment> posted;
    for (int i = 0; i < count; ++i) {
      posted.push_back(Dana().Post(invoice_id, "comment " + std::to_string(i)).comment());
    }
    return posted;
  }
  Page Read(const std::string& token, int size = 10) { return ReadPage(Dana(), token, size); }
  // Until it comes from memory: on PostgreSQL the service hears of its own writes a little later.
  Page ReadFromMemory(const std::string& token, int size = 10) {
    Page page;
    EXPECT_TRUE(Await([&] {
      const std::int64_t before = service().block_cache_hits();
      page = Read(token, size);
      return service().block_cache_hits() > before;
    }));
    return page;
  }
};
INSTANTIATE_ON_EVERY_DATABASE(DeepPagesTest);

TEST_P(DeepPagesTest, APageFromMemoryIsTheOneThatTheDatabaseTells) {
  std::vector<v1::Comment> posted = Post(75);
  ASSERT_TRUE(Dana().Edit(posted[30], "edited", "", {"alex"}).ok());
  ASSERT_TRUE(Dana().Remove(posted[31], "twice").ok());
  ASSERT_TRUE(service().AsService("org").Erase(posted[32], "asked for").ok());
  for (const int size : {1, 7, 20, 32, 50}) {
    for (const std::string& token : TokensOf(Dana(), "INV-1", size)) {
      const Page known = ReadFromMemory(token, size);
      Start();
      const Page read = Read(token, size);
      ASSERT_EQ(service().block_cache_hits(), 0);
      ASSERT_EQ(known.SerializeAsString(), read.SerializeAsString());
      if (size == 1) break;  // of so many pages, one
    }
  }
}

TEST_P(DeepPagesTest, AChangeOfACommentShowsOnThePageAtOnce) {
  const std::vector<v1::Comment> posted = Post(40);
  const std::string token = Dana().List("INV-1", 10)->next_page_token();
  ReadFromMemory(token);
  const v1::Comment edited = Dana().Edit(posted[25], "edited")->comment();
  EXPECT_EQ(Read(token).comments(4).SerializeAsString(), edited.SerializeAsString());
  ReadFromMemory(token);
  const v1::Comment removed = Dana().Remove(edited, "twice")->comment();
  EXPECT_EQ(Read(token).comments(4).SerializeAsString(), removed.SerializeAsString());
  ReadFromMemory(token);
  const v1::Comment erased = service().AsService("org").Erase(posted[24], "asked for")->comment();
  EXPECT_TRUE(erased.erased());
  EXPECT_EQ(Read(token).comments(5).SerializeAsString(), erased.SerializeAsString());
}

TEST_P(DeepPagesTest, WhatIsAddedOrSettledShowsInThePagesEndAtOnce) {
  Post(40);
  const std::string token = Dana().List("INV-1", 10)->next_page_token();
  const Page before = ReadFromMemory(token);
  Dana().Post("INV-1", "one more");
  const Page after = Read(token);
  EXPECT_EQ(after.total_size(), 41);
  EXPECT_EQ(after.thread().place_count(), 41);
  EXPECT_EQ(after.comments(0).SerializeAsString(), before.comments(0).SerializeAsString());
  ReadFromMemory(token);
  ASSERT_TRUE(Dana().Resolve("INV-1").ok());
  EXPECT_EQ(Read(token).thread().state(), v1::THREAD_STATE_RESOLVED);
}

TEST_P(DeepPagesTest, WhatIsNewerThanAPageIsToldFromMemoryToo) {
  Post(5);
  const std::string newer = Dana().List("INV-1", 10)->previous_page_token();
  EXPECT_EQ(ReadFromMemory(newer).comments_size(), 0);
  Dana().Post("INV-1", "one more");
  EXPECT_EQ(Read(newer).comments_size(), 1);
}

TEST_P(DeepPagesTest, ThePageAroundACommentFillsAndUsesTheSameMemory) {
  const std::vector<v1::Comment> posted = Post(60);
  const Client dana = Dana();
  ASSERT_TRUE(Await([&] {
    const Page around = *dana.ListAround("INV-1", posted[30].comment_id(), 10);
    EXPECT_EQ(around.comments_size(), 10);
    const std::int64_t before = service().block_cache_hits();
    // The same places, by a token.
    const Page newer = *dana.List("INV-1", 10, around.previous_page_token());
    Read(newer.next_page_token());
    return service().block_cache_hits() > before;
  }));
  const v1::Comment edited = dana.Edit(posted[30], "edited")->comment();
  const Page around = *dana.ListAround("INV-1", posted[30].comment_id(), 10);
  EXPECT_EQ(around.comments(5).SerializeAsString(), edited.SerializeAsString());
}

TEST_P(DeepPagesTest, NoPageIsOlderThanAnAcknowledgedEditNorOfTwoMoments) {
  constexpr int kEdits = 60;
  std::vector<v1::Comment> posted = Post(40);
  const std::string token = Dana().List("INV-1", 10)->next_page_token();
  std::atomic<int> editing = 2;
  std::vector<std::thread> threads;
  for (const std::size_t place : {std::size_t{22}, std::size_t{27}}) {
    threads.emplace_back([&, place] {
      v1::Comment comment = posted[place];
      for (int i = 0; i < kEdits; ++i) {
        comment = Edit(Dana(), comment, "edit " + std::to_string(i));
        EXPECT_EQ(BodyAt(Read(token), 29 - static_cast<int>(place)), comment.body());
      }
      --editing;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      while (editing > 0) EXPECT_TRUE(IsOfOneMoment(Read(token)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(IsOfOneMoment(ReadFromMemory(token)));
}

// Two services on one PostgreSQL database.
class DeepPagesReplicasTest : public testing::Test {
 protected:
  Client As(int replica) { return replicas_[static_cast<std::size_t>(replica)]->As("org", "dana"); }

  const std::string url_ = NewDatabaseUrl(DatabaseKind::kPostgres);
  std::vector<std::unique_ptr<ServiceUnderTest>> replicas_ = [this] {
    std::vector<std::unique_ptr<ServiceUnderTest>> replicas;
    for (int i = 0; i < 2; ++i) {
      replicas.push_back(std::make_unique<ServiceUnderTest>(ServiceOptions{.database_url = url_}));
    }
    return replicas;
  }();
};

TEST_F(DeepPagesReplicasTest, AnErasureThroughOneEmptiesThePagesOfTheOther) {
  std::vector<v1::Comment> posted;
  for (int i = 0; i < 40; ++i) posted.push_back(As(0).Post("INV-1", "canary").comment());
  const std::string token = As(1).List("INV-1", 10)->next_page_token();
  ASSERT_TRUE(Await([&] {
    const std::int64_t before = replicas_[1]->block_cache_hits();
    EXPECT_TRUE(As(1).List("INV-1", 10, token).ok());
    return replicas_[1]->block_cache_hits() > before;
  }));
  ASSERT_TRUE(replicas_[0]->AsService("org").Erase(posted[25], "asked for").ok());
  ASSERT_TRUE(Await([&] { return ReadPage(As(1), token).comments(4).erased(); }));
  EXPECT_EQ(BodyAt(ReadPage(As(1), token), 4), "");
}

TEST_F(DeepPagesReplicasTest, NoPageOfEitherIsOfTwoMomentsNorOlderThanItsToken) {
  constexpr int kEdits = 60;
  std::vector<v1::Comment> posted;
  for (int i = 0; i < 40; ++i) posted.push_back(As(0).Post("INV-1", "a body").comment());
  const std::string token = As(0).List("INV-1", 10)->next_page_token();
  std::atomic<int> editing = 2;
  std::vector<std::thread> threads;
  for (int replica = 0; replica < 2; ++replica) {
    threads.emplace_back([&, replica] {
      v1::Comment comment = posted[static_cast<std::size_t>(22 + replica)];
      for (int i = 0; i < kEdits; ++i) {
        comment = Edit(As(replica), comment, "edit " + std::to_string(i));
        EXPECT_EQ(BodyAt(ReadPage(As(replica), token), 7 - replica), comment.body());
      }
      --editing;
    });
    threads.emplace_back([&, replica] {
      while (editing > 0) EXPECT_TRUE(IsOfOneMoment(ReadPage(As(replica), token)));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace marginalia
