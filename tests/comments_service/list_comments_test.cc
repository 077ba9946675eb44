#include <grpcpp/create_channel.h>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/thread/comment.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

class ListCommentsTest : public ServiceTest {
 protected:
  void Post(int count, const std::string& invoice_id = "INV-1") {
    const Client dana = service().As("org", "dana");
    for (int i = 0; i < count; ++i) dana.Post(invoice_id, "comment " + std::to_string(i));
  }
};
INSTANTIATE_ON_EVERY_DATABASE(ListCommentsTest);

std::vector<std::int64_t> Sequences(const v1::ListCommentsResponse& page) {
  std::vector<std::int64_t> sequences;
  for (const v1::Comment& comment : page.comments()) sequences.push_back(comment.sequence());
  return sequences;
}

TEST_P(ListCommentsTest, AThreadWithoutCommentsIsAnEmptyList) {
  const auto page = service().As("org", "sam", "viewer").List("INV-1");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->comments_size(), 0);
  EXPECT_EQ(page->next_page_token(), "");
  EXPECT_EQ(page->previous_page_token(), "");
  EXPECT_EQ(page->total_size(), 0);
  EXPECT_NE(page->consistency_token(), "");
}

TEST_P(ListCommentsTest, TheNewestPageComesFirstAndNewestFirst) {
  Post(25);
  const auto page = service().As("org", "dana").List("INV-1");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->comments_size(), 20);
  EXPECT_EQ(page->comments(0).sequence(), 25);
  EXPECT_EQ(page->comments(19).sequence(), 6);
  EXPECT_EQ(page->total_size(), 25);
  EXPECT_NE(page->previous_page_token(), "");
  const auto next = service().As("org", "dana").List("INV-1", 0, page->next_page_token());
  EXPECT_EQ(Sequences(*next), (std::vector<std::int64_t>{5, 4, 3, 2, 1}));
  EXPECT_EQ(next->next_page_token(), "");
  EXPECT_EQ(next->total_size(), 25);
}

// What proto/README.md tells clients in other languages to set.
TEST_P(ListCommentsTest, TheLargestPageFitsTheDocumentedLimitAndNotGrpcsOwn) {
  const auto wide = [](std::size_t characters) {
    std::string text;
    for (std::size_t i = 0; i < characters; ++i) text += "\U0001F600";
    return text;
  };
  const std::string invoice_id(64, 'I');
  const std::string token = Mint().Mint({.org = "org",
                                         .sub = std::string(kUserIdBytesMax, 'd'),
                                         .name = wide(200),
                                         .role = "member"});
  const auto client = [&](int received_bytes_max) {
    grpc::ChannelArguments arguments;
    if (received_bytes_max > 0) arguments.SetMaxReceiveMessageSize(received_bytes_max);
    return Client(grpc::CreateCustomChannel(service().address(), grpc::InsecureChannelCredentials(),
                                            arguments),
                  token);
  };
  Client::Mentions mentions;
  for (int i = 0; i < 20; ++i) mentions.push_back(std::string(kUserIdBytesMax - 1, 'm'));
  for (int i = 0; i < 20; ++i) mentions[static_cast<std::size_t>(i)] += static_cast<char>('a' + i);
  const Client by_default = client(0);
  for (int i = 0; i < 100; ++i) {
    const auto added = by_default.Add(invoice_id, NewUuid(), wide(kBodyCharactersMax), mentions);
    ASSERT_TRUE(added.ok()) << added.status();
  }
  const auto refused = by_default.List(invoice_id, 100);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted) << refused.status();
  const auto page = client(8 * 1024 * 1024).List(invoice_id, 100);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->comments_size(), 100);
  EXPECT_GT(page->ByteSizeLong(), 4u * 1024 * 1024);
  // By gRPC's own limit a page of any 90 can be read.
  EXPECT_TRUE(by_default.List(invoice_id, 90).ok());
}

TEST_P(ListCommentsTest, PageSizesAreBoundedAndMayChange) {
  Post(3);
  const Client dana = service().As("org", "dana");
  EXPECT_EQ(dana.List("INV-1", 1000)->comments_size(), 3);
  EXPECT_EQ(Field(dana.List("INV-1", -1)), "page_size");
  const auto one = dana.List("INV-1", 1);
  EXPECT_EQ(Sequences(*dana.List("INV-1", 100, one->next_page_token())),
            (std::vector<std::int64_t>{2, 1}));
}

TEST_P(ListCommentsTest, EveryPageSizeGoesThroughTheWholeThreadBothWays) {
  constexpr int kComments = 14;
  Post(kComments);
  const Client dana = service().As("org", "dana");
  for (int size = 1; size <= 7; ++size) {
    std::vector<std::int64_t> down;
    std::string token;
    std::string newer;
    do {
      const auto page = dana.List("INV-1", size, token);
      ASSERT_TRUE(page.ok());
      for (const std::int64_t sequence : Sequences(*page)) down.push_back(sequence);
      token = page->next_page_token();
      newer = page->previous_page_token();
    } while (!token.empty());
    ASSERT_EQ(down.size(), static_cast<std::size_t>(kComments)) << "page size " << size;
    for (int i = 0; i < kComments; ++i) EXPECT_EQ(down[static_cast<std::size_t>(i)], kComments - i);
    std::int64_t above = down.back() + (kComments - 1) % size + 1;
    while (true) {
      const auto page = dana.List("INV-1", size, newer);
      ASSERT_TRUE(page.ok());
      if (page->comments().empty()) break;
      EXPECT_EQ(Sequences(*page).back(), above);
      above = Sequences(*page).front() + 1;
      newer = page->previous_page_token();
    }
    EXPECT_EQ(above, kComments + 1);
  }
}

TEST_P(ListCommentsTest, TheNewestPageLeadsToWhatIsAddedLater) {
  Post(3);
  const Client dana = service().As("org", "dana");
  const auto newest = dana.List("INV-1", 2);
  const auto nothing_yet = dana.List("INV-1", 2, newest->previous_page_token());
  ASSERT_TRUE(nothing_yet.ok());
  EXPECT_EQ(nothing_yet->comments_size(), 0);
  EXPECT_EQ(nothing_yet->total_size(), 3);
  EXPECT_EQ(nothing_yet->previous_page_token(), newest->previous_page_token());
  EXPECT_EQ(Sequences(*dana.List("INV-1", 2, nothing_yet->next_page_token())),
            (std::vector<std::int64_t>{3, 2}));
  Post(3);
  const auto newer = dana.List("INV-1", 2, nothing_yet->previous_page_token());
  EXPECT_EQ(Sequences(*newer), (std::vector<std::int64_t>{5, 4}));
  EXPECT_EQ(Sequences(*dana.List("INV-1", 2, newer->previous_page_token())),
            (std::vector<std::int64_t>{6}));
  EXPECT_EQ(Sequences(*dana.List("INV-1", 2, newer->next_page_token())),
            (std::vector<std::int64_t>{3, 2}));
}

TEST_P(ListCommentsTest, ATokenFitsItsThreadAndTenantOnly) {
  Post(3);
  Post(3, "INV-2");
  const Client dana = service().As("org", "dana");
  const std::string token = dana.List("INV-1", 1)->next_page_token();
  std::string altered = token;
  altered[altered.size() / 2] = altered[altered.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Reason(dana.List("INV-2", 1, token)), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(dana.List("INV-1", 1, altered)), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(dana.List("INV-1", 1, "x")), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(dana.List("INV-1", 1, token + "A")), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(dana.Recent(1, token)), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(service().As("rival", "dana").List("INV-1", 1, token)), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(dana.List("INV-1", 1, dana.List("INV-1")->consistency_token())),
            "PAGE_TOKEN_INVALID");
}

TEST_P(ListCommentsTest, StablePagingNeitherSkipsNorRepeatsWhileOthersPost) {
  Post(40);
  const Client dana = service().As("org", "dana");
  std::atomic<bool> stop = false;
  std::thread poster([&] {
    const Client priya = service().As("org", "priya");
    while (!stop) priya.Post("INV-1", "more");
  });
  for (int size = 1; size <= 7; ++size) {
    const auto first = dana.List("INV-1", size);
    ASSERT_TRUE(first.ok());
    std::int64_t expected = first->comments(0).sequence();
    std::string token;
    auto page = first;
    while (true) {
      ASSERT_TRUE(page.ok());
      for (const std::int64_t sequence : Sequences(*page)) ASSERT_EQ(sequence, expected--);
      if (page->next_page_token().empty() || expected < 20) break;
      page = dana.List("INV-1", size, page->next_page_token());
    }
    // Back up to where the newest page was when the walk began.
    std::int64_t above = Sequences(*page).front() + 1;
    while (above <= first->comments(0).sequence()) {
      page = dana.List("INV-1", size, page->previous_page_token());
      ASSERT_TRUE(page.ok());
      ASSERT_EQ(Sequences(*page).back(), above);
      above = Sequences(*page).front() + 1;
    }
  }
  stop = true;
  poster.join();
}

TEST_P(ListCommentsTest, AReaderAfterAnAcknowledgedPostSeesIt) {
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    const Client sam = service().As("org", "sam", "viewer");
    while (!stop) EXPECT_TRUE(sam.List("INV-1").ok());
  });
  const Client dana = service().As("org", "dana");
  for (int i = 1; i <= 150; ++i) {
    const auto posted = dana.Post("INV-1", "a body");
    const auto page = dana.List("INV-1");
    ASSERT_TRUE(page.ok());
    ASSERT_EQ(page->total_size(), i);
    ASSERT_EQ(page->comments(0).comment_id(), posted.comment().comment_id());
    ASSERT_EQ(dana.List("INV-1")->SerializeAsString(), page->SerializeAsString());
  }
  stop = true;
  reader.join();
}

TEST_P(ListCommentsTest, WatchersFindInTheThreadWhatTheyHaveHeardOf) {
  const Client dana = service().As("org", "dana");
  WatchStream watch = service().As("org", "sam", "viewer").Watch();
  ASSERT_TRUE(watch.Next().has_value());
  std::thread poster([&] {
    for (int i = 0; i < 100; ++i) dana.Post("INV-1", "a body");
  });
  for (std::int64_t heard = 0; heard < 100;) {
    const auto events = watch.Events(1);
    ASSERT_FALSE(events.empty());
    heard = events.back().comment_added().thread_comment_count();
    EXPECT_GE(service().As("org", "sam", "viewer").List("INV-1")->total_size(), heard);
  }
  poster.join();
}

TEST_P(ListCommentsTest, AServiceReadsTheTenantOfItsToken) {
  Post(2);
  EXPECT_EQ(service().AsService("org").List("INV-1")->total_size(), 2);
  EXPECT_EQ(service().AsService("rival").List("INV-1")->total_size(), 0);
  // A machine of the tenant is told what people of it are told.
  EXPECT_EQ(service().AsService("org").List("INV-1")->consistency_token(),
            service().As("org", "dana").List("INV-1")->consistency_token());
}

TEST_P(ListCommentsTest, PagesOfTheLargestBodiesArrive) {
  std::string largest;
  for (int i = 0; i < 10'000; ++i) largest += "\xF0\x9F\x98\x80";
  const Client dana = service().As("org", "dana");
  for (int i = 0; i < 100; ++i) dana.Post("INV-1", largest);
  const auto page = dana.List("INV-1", 100);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->comments_size(), 100);
}

class ListRecentCommentsTest : public ServiceTest {};
INSTANTIATE_ON_EVERY_DATABASE(ListRecentCommentsTest);

TEST_P(ListRecentCommentsTest, AllThreadsOfTheTenantNewestFirst) {
  const Client dana = service().As("org", "dana");
  const Client mallory = service().As("rival", "mallory");
  for (int i = 0; i < 7; ++i) {
    dana.Post("INV-" + std::to_string(i % 3), std::to_string(i));
    mallory.Post("INV-1", "theirs");
  }
  for (int size = 1; size <= 7; ++size) {
    std::vector<std::string> bodies;
    std::string token;
    do {
      const auto page = dana.Recent(size, token);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->total_size(), 7);
      for (const auto& comment : page->comments()) bodies.push_back(comment.body());
      token = page->next_page_token();
    } while (!token.empty());
    EXPECT_THAT(bodies, testing::ElementsAre("6", "5", "4", "3", "2", "1", "0"));
  }
  const auto page = dana.Recent(1);
  EXPECT_EQ(page->comments(0).invoice_id(), "INV-0");
  EXPECT_EQ(page->comments(0).sequence(), 3);
}

TEST_P(ListRecentCommentsTest, ThePreviousTokenLeadsToWhatIsAddedLater) {
  const Client dana = service().As("org", "dana");
  const auto empty = dana.Recent();
  EXPECT_EQ(empty->comments_size(), 0);
  EXPECT_EQ(empty->previous_page_token(), "");
  EXPECT_EQ(empty->total_size(), 0);
  dana.Post("INV-1", "0");
  const auto newest = dana.Recent(2);
  const auto nothing = dana.Recent(2, newest->previous_page_token());
  EXPECT_EQ(nothing->comments_size(), 0);
  EXPECT_EQ(dana.Recent(2, nothing->next_page_token())->comments(0).body(), "0");
  for (int i = 1; i <= 3; ++i) dana.Post("INV-2", std::to_string(i));
  const auto newer = dana.Recent(2, nothing->previous_page_token());
  ASSERT_EQ(newer->comments_size(), 2);
  EXPECT_EQ(newer->comments(0).body(), "2");
  EXPECT_EQ(newer->comments(1).body(), "1");
  EXPECT_EQ(dana.Recent(2, newer->next_page_token())->comments(0).body(), "0");
}

class ListThreadCountsTest : public ServiceTest {};
INSTANTIATE_ON_EVERY_DATABASE(ListThreadCountsTest);

TEST_P(ListThreadCountsTest, EveryThreadOfEveryTenantInOrder) {
  for (const char* org : {"beta", "alpha", "Beta"}) {
    const Client dana = service().As(org, "dana");
    for (const char* invoice : {"b", "B", "a-1"}) {
      for (int i = 0; i < 2; ++i) dana.Post(invoice, "x");
    }
  }
  service().As("alpha", "priya").Post("b", "last");
  const Client machine = service().AsService();
  for (int size = 1; size <= 5; ++size) {
    std::vector<std::string> threads;
    std::set<std::string> as_of;
    std::string token;
    do {
      const auto page = machine.Counts(size, token);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const auto& count : page->counts()) {
        threads.push_back(count.org_id() + "/" + count.invoice_id());
        const bool last = count.org_id() == "alpha" && count.invoice_id() == "b";
        EXPECT_EQ(count.comment_count(), last ? 3 : 2);
        EXPECT_EQ(count.last_author_name(), last ? "PRIYA" : "DANA");
        EXPECT_GT(count.last_comment_time().seconds(), 0);
      }
      as_of.insert(page->as_of_token());
      token = page->next_page_token();
    } while (!token.empty());
    EXPECT_THAT(threads,
                testing::ElementsAre("Beta/B", "Beta/a-1", "Beta/b", "alpha/B", "alpha/a-1",
                                     "alpha/b", "beta/B", "beta/a-1", "beta/b"));
    EXPECT_EQ(as_of.size(), 1U);
  }
}

TEST_P(ListThreadCountsTest, EventsAfterTheSnapshotBringItUpToDate) {
  const Client dana = service().As("org", "dana");
  for (int i = 0; i < 5; ++i) dana.Post("INV-" + std::to_string(i), "x");
  const Client machine = service().AsService();
  const auto first = machine.Counts(2);
  for (int i = 0; i < 5; ++i) dana.Post("INV-" + std::to_string(i), "y");
  std::map<std::string, std::int64_t> counts;
  auto page = first;
  while (true) {
    for (const auto& count : page->counts()) counts[count.invoice_id()] = count.comment_count();
    EXPECT_EQ(page->as_of_token(), first->as_of_token());
    if (page->next_page_token().empty()) break;
    page = machine.Counts(2, page->next_page_token());
  }
  EXPECT_EQ(counts["INV-0"], 1);
  WatchStream watch = machine.WatchAfter(first->as_of_token());
  for (const v1::Event& event : watch.Events(5)) {
    counts[event.comment_added().comment().invoice_id()] =
        event.comment_added().thread_comment_count();
  }
  for (const auto& [invoice, count] : counts) EXPECT_EQ(count, 2) << invoice;
}

TEST_P(ListThreadCountsTest, IsForServicesOnly) {
  EXPECT_EQ(Reason(service().As("org", "alex", "admin").Counts()), "ROLE_TOO_LOW");
  EXPECT_EQ(Field(service().AsService().Counts(-1)), "page_size");
  EXPECT_EQ(Reason(service().AsService().Counts(1, "x")), "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace marginalia
