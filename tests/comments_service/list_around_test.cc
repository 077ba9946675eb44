// The page around a comment: where it begins, where it leads, and that nothing moves while comments
// of it change.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

class ListAroundTest : public ServiceTest {
 protected:
  // Oldest first.
  std::vector<v1::Comment> Post(int count, const std::string& invoice_id = "INV-1") {
    const Client dana = service().As("org", "dana");
    std::vector<v1::Comment> posted;
    for (int i = 0; i < count; ++i) {
      posted.push_back(dana.Post(invoice_id, "comment " + std::to_string(i)).comment());
    }
    return posted;
  }
};
INSTANTIATE_ON_EVERY_DATABASE(ListAroundTest);

std::vector<std::int64_t> Sequences(const v1::ListCommentsResponse& page) {
  std::vector<std::int64_t> sequences;
  for (const v1::Comment& comment : page.comments()) sequences.push_back(comment.sequence());
  return sequences;
}

// The whole thread, newest first, read from the page around a comment both ways; empty when a place
// was skipped or told twice.
std::vector<v1::Comment> WalkFrom(const Client& client, const v1::Comment& middle, int size) {
  const auto first = client.ListAround(middle.invoice_id(), middle.comment_id(), size);
  if (!first.ok() || first->comments().empty()) return {};
  std::vector<v1::Comment> whole(first->comments().begin(), first->comments().end());
  for (std::string older = first->next_page_token(); !older.empty();) {
    const auto page = client.List(middle.invoice_id(), size, older);
    if (!page.ok() || page->comments().empty()) return {};
    if (page->comments(0).sequence() != whole.back().sequence() - 1) return {};
    whole.insert(whole.end(), page->comments().begin(), page->comments().end());
    older = page->next_page_token();
  }
  for (std::string newer = first->previous_page_token();;) {
    const auto page = client.List(middle.invoice_id(), size, newer);
    if (!page.ok()) return {};
    if (page->comments().empty()) break;
    if (Sequences(*page).back() != whole.front().sequence() + 1) return {};
    whole.insert(whole.begin(), page->comments().begin(), page->comments().end());
    newer = page->previous_page_token();
  }
  return whole;
}

TEST_P(ListAroundTest, TheCommentStandsInTheMiddleOfAFullPage) {
  const std::vector<v1::Comment> posted = Post(30);
  const Client sam = service().As("org", "sam", "viewer");
  const auto around = [&](int sequence, int size) {
    const auto page =
        sam.ListAround("INV-1", posted[static_cast<std::size_t>(sequence) - 1].comment_id(), size);
    EXPECT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->total_size(), 30);
    EXPECT_EQ(page->thread().place_count(), 30);
    return Sequences(*page);
  };
  EXPECT_EQ(around(15, 1), (std::vector<std::int64_t>{15}));
  EXPECT_EQ(around(15, 2), (std::vector<std::int64_t>{16, 15}));
  EXPECT_EQ(around(15, 5), (std::vector<std::int64_t>{17, 16, 15, 14, 13}));
  EXPECT_EQ(around(1, 3), (std::vector<std::int64_t>{3, 2, 1}));
  EXPECT_EQ(around(2, 3), (std::vector<std::int64_t>{3, 2, 1}));
  EXPECT_EQ(around(29, 4), (std::vector<std::int64_t>{30, 29, 28, 27}));
  EXPECT_EQ(around(30, 3), (std::vector<std::int64_t>{30, 29, 28}));
  EXPECT_EQ(around(15, 0).size(), 20U);
  EXPECT_EQ(around(15, 1000).size(), 30U);
}

TEST_P(ListAroundTest, TheFirstCommentNeedsNoId) {
  EXPECT_TRUE(service().As("org", "dana").ListAround("INV-1", "first", 7)->comments().empty());
  Post(30);
  const Client sam = service().As("org", "sam", "viewer");
  const auto oldest = sam.ListAround("INV-1", "first", 3);
  ASSERT_TRUE(oldest.ok()) << oldest.status();
  EXPECT_EQ(Sequences(*oldest), (std::vector<std::int64_t>{3, 2, 1}));
  EXPECT_EQ(oldest->next_page_token(), "");
  const auto next = sam.List("INV-1", 3, oldest->previous_page_token());
  EXPECT_EQ(Sequences(*next), (std::vector<std::int64_t>{6, 5, 4}));
  EXPECT_FALSE(sam.ListAround("INV-1", "last", 3).ok());
}

TEST_P(ListAroundTest, AThreadShorterThanThePageIsShownWhole) {
  const std::vector<v1::Comment> posted = Post(3);
  const Client dana = service().As("org", "dana");
  for (const v1::Comment& comment : posted) {
    const auto page = dana.ListAround("INV-1", comment.comment_id(), 7);
    EXPECT_EQ(Sequences(*page), (std::vector<std::int64_t>{3, 2, 1}));
    EXPECT_EQ(page->next_page_token(), "");
    EXPECT_NE(page->previous_page_token(), "");
  }
}

TEST_P(ListAroundTest, EverySizeGoesBothWaysWhileAThirdIsEditedAndRemoved) {
  constexpr std::size_t kComments = 30;
  const std::vector<v1::Comment> posted = Post(kComments);
  std::atomic<bool> stop = false;
  std::atomic<std::size_t> changed = 0;
  std::thread changer([&] {
    const Client dana = service().As("org", "dana");
    for (std::size_t i = 0; i < kComments && !stop; i += 3) {
      v1::Comment comment = posted[i];
      for (int round = 0; round < 8; ++round) {
        const auto edited = dana.Edit(comment, "edited " + std::to_string(round));
        if (!edited.ok()) return;
        comment = edited->comment();
      }
      if (i % 2 == 0 && !dana.Remove(comment, "not here").ok()) return;
      ++changed;
    }
  });
  const Client sam = service().As("org", "sam", "viewer");
  for (bool last = false; !last;) {
    last = changed == kComments / 3;
    for (int size = 1; size <= 7; ++size) {
      for (const std::size_t middle : {0U, 1U, 9U, 14U, 28U, 29U}) {
        const std::vector<v1::Comment> whole = WalkFrom(sam, posted[middle], size);
        ASSERT_EQ(whole.size(), kComments) << "size " << size << " around " << middle;
        for (std::size_t i = 0; i < kComments; ++i) {
          ASSERT_EQ(whole[i].comment_id(), posted[kComments - 1 - i].comment_id());
        }
      }
    }
  }
  stop = true;
  changer.join();
  EXPECT_EQ(changed, kComments / 3);
  for (const v1::Comment& comment : WalkFrom(sam, posted[0], 7)) {
    const std::int64_t index = comment.sequence() - 1;
    EXPECT_EQ(comment.has_removal(), index % 6 == 0);
    EXPECT_EQ(comment.revision(), index % 3 == 0 ? 9 : 1);
  }
}

TEST_P(ListAroundTest, ARemovedCommentHasItsPlaceStill) {
  const std::vector<v1::Comment> posted = Post(5);
  const Client dana = service().As("org", "dana");
  ASSERT_TRUE(dana.Remove(posted[2], "").ok());
  const auto page = dana.ListAround("INV-1", posted[2].comment_id(), 3);
  EXPECT_EQ(Sequences(*page), (std::vector<std::int64_t>{4, 3, 2}));
  EXPECT_TRUE(page->comments(1).has_removal());
}

TEST_P(ListAroundTest, WhatIsNotOfTheThreadIsNotFound) {
  const v1::Comment other = Post(2, "INV-2")[0];
  const v1::Comment own = Post(3)[0];
  const Client dana = service().As("org", "dana");
  for (const std::string& id : {other.comment_id(), NewUuid()}) {
    const auto refused = dana.ListAround("INV-1", id);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(Reason(refused), "COMMENT_NOT_FOUND");
  }
  // As if it did not exist, for another tenant.
  const Client mallory = service().As("rival", "mallory");
  EXPECT_EQ(mallory.ListAround("INV-1", own.comment_id()).status().message(),
            mallory.ListAround("INV-1", NewUuid()).status().message());
  EXPECT_EQ(Reason(mallory.ListAround("INV-1", own.comment_id())), "COMMENT_NOT_FOUND");
}

TEST_P(ListAroundTest, IsForTheFirstPageOnlyAndNamesAComment) {
  const v1::Comment first = Post(3)[0];
  const Client dana = service().As("org", "dana");
  const std::string token = dana.List("INV-1", 1)->next_page_token();
  EXPECT_EQ(Field(dana.ListAround("INV-1", first.comment_id(), 1, token)), "around_comment_id");
  EXPECT_EQ(Field(dana.ListAround("INV-1", "comment 0")), "around_comment_id");
  EXPECT_EQ(Field(dana.ListAround("INV-1", first.comment_id(), -1)), "page_size");
  std::string shouted = first.comment_id();
  for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_TRUE(dana.ListAround("INV-1", shouted).ok());
}

}  // namespace
}  // namespace marginalia
