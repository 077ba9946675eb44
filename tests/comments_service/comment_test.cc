#include "comments-service/thread/comment.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"

namespace marginalia {
namespace {

std::string Why(const absl::Status& status) { return std::string(status.message()); }

TEST(BodyTest, AnOrdinaryBodyIsAccepted) {
  EXPECT_TRUE(CheckBody("Pulled the original SOW.").ok());
  EXPECT_TRUE(CheckBody("  leading and trailing white space stays \n").ok());
  EXPECT_TRUE(CheckBody("\xE2\x80\xAE right to left, \xF0\x9F\x98\x80 emoji").ok());
  EXPECT_TRUE(CheckBody("<script>alert(1)</script>").ok());
}

TEST(BodyTest, CharactersAreCountedAndNotBytes) {
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += "\xF0\x9F\x98\x80";
  EXPECT_TRUE(CheckBody(body).ok());
  EXPECT_EQ(Why(CheckBody(body + "x")), "must be at most 10,000 characters");
  EXPECT_EQ(Why(CheckBody(std::string(10'001, 'x'))), "must be at most 10,000 characters");
  EXPECT_TRUE(CheckBody(std::string(10'000, 'x')).ok());
}

TEST(BodyTest, WhiteSpaceAloneIsBlank) {
  EXPECT_EQ(Why(CheckBody("")), "must not be blank");
  EXPECT_EQ(Why(CheckBody(" \t\r\n")), "must not be blank");
  EXPECT_EQ(Why(CheckBody("\xC2\xA0\xE2\x80\x83\xE3\x80\x80\xE2\x80\xA8")), "must not be blank");
}

TEST(BodyTest, WhatNobodySeesIsBlank) {
  for (const char* body : {"\xE2\x80\x8B", "\xEF\xBB\xBF", "\xE2\x81\xA0", "\xE3\x85\xA4",
                           "\xE2\xA0\x80", "\xC2\xAD", "\xEF\xB8\x8F", "\xF3\xA0\x81\x81",
                           "\x01\x1B", "\xEF\xBE\xA0 \xE1\x85\x9F\n\xE1\x85\xA0"}) {
    EXPECT_EQ(Why(CheckBody(body)), "must not be blank") << body;
    EXPECT_TRUE(CheckBody(std::string(body) + "x").ok());
  }
}

TEST(BodyTest, NulIsRefused) {
  EXPECT_EQ(Why(CheckBody(std::string("a\0b", 3))), "must not contain NUL");
}

TEST(BodyTest, InvalidUtf8IsRefused) {
  for (const char* body : {"\x80", "a\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                           "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "\xE2\x28\xA1"}) {
    EXPECT_EQ(Why(CheckBody(body)), "must be valid UTF-8");
  }
}

TEST(InvoiceIdTest, OneTo64PlainCharactersAreAccepted) {
  for (const std::string& id :
       {std::string("INV-1042"), std::string("a"), std::string("ns:inv_7.b"),
        std::string("2026/0017"), std::string(64, 'x')}) {
    EXPECT_TRUE(CheckInvoiceId(id).ok()) << id;
  }
  for (const std::string& id :
       {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a//b"),
        std::string(".."), std::string("\xC3\xA9"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(CheckInvoiceId(id).ok()) << id;
  }
}

TEST(CommentIdTest, AUuidInAnyCaseIsLowered) {
  EXPECT_EQ(*CanonicalCommentId("018F4E2A-9C3B-7D10-8A55-0242AC120002"),
            "018f4e2a-9c3b-7d10-8a55-0242ac120002");
}

TEST(CommentIdTest, AnythingElseIsRefused) {
  for (const char* id :
       {"", "7", "018f4e2a9c3b7d108a550242ac120002", "018f4e2a-9c3b-7d10-8a55-0242ac12000",
        "{018f4e2a-9c3b-7d10-8a55-0242ac1200}", "018f4e2a-9c3b-7d10-8a55-0242ac12000g",
        "018f4e2a-9c3b-7d10-8a550-242ac120002"}) {
    EXPECT_FALSE(CanonicalCommentId(id).ok()) << id;
  }
}

TEST(CommentIdTest, TheNilAndTheMaxUuidAreNobodysChoice) {
  for (const char* id :
       {"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}) {
    EXPECT_EQ(Why(CanonicalNewId(id).status()),
              "must not be the nil or the max UUID, which anybody could have sent");
    EXPECT_EQ(*CanonicalCommentId(id), absl::AsciiStrToLower(id)) << "named by it";
  }
  EXPECT_EQ(*CanonicalNewId("018F4E2A-9C3B-7D10-8A55-0242AC120002"),
            "018f4e2a-9c3b-7d10-8a55-0242ac120002");
  EXPECT_FALSE(CanonicalNewId("7").ok());
}

TEST(AuthorTest, TheIdIsRequiredAndBounded) {
  EXPECT_TRUE(CheckUserId("dana").ok());
  EXPECT_FALSE(CheckUserId("").ok());
  EXPECT_FALSE(CheckUserId(std::string(129, 'x')).ok());
  EXPECT_FALSE(CheckUserId(std::string("a\0b", 3)).ok());
  EXPECT_EQ(Why(CheckUserId("\xE3\x85\xA4")), "must not be blank");
  EXPECT_TRUE(CheckDisplayName("").ok());
  EXPECT_TRUE(CheckDisplayName(std::string(200, 'x')).ok());
  EXPECT_FALSE(CheckDisplayName(std::string(201, 'x')).ok());
  EXPECT_FALSE(CheckDisplayName("\xFF").ok());
  EXPECT_EQ(Why(CheckDisplayName("Dana\nScully")), "must be one line without control characters");
  EXPECT_EQ(Why(CheckDisplayName("\xC2\xA0")), "must not be blank");
}

TEST(CreateTimeTest, NeverDecreasesAndIsToTheMicrosecond) {
  const absl::Time now = absl::FromUnixMicros(1'000'000) + absl::Nanoseconds(999);
  EXPECT_EQ(CreateTimeAfter(absl::InfinitePast(), now), absl::FromUnixMicros(1'000'000));
  const absl::Time later = absl::FromUnixMicros(2'000'000);
  EXPECT_EQ(CreateTimeAfter(later, now), later + absl::Microseconds(1));
}

TEST(CreateTimeTest, BehindAClockFromTheFutureTimesRiseByMicrosecondsUntilTheClockHasCaughtUp) {
  const absl::Time ahead = absl::FromUnixSeconds(4'070'908'800);
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const absl::Time second = CreateTimeAfter(ahead, now);
  const absl::Time third = CreateTimeAfter(second, now + absl::Minutes(1));
  EXPECT_GT(second, ahead);
  EXPECT_GT(third, second);
  EXPECT_LE(third, ahead + absl::Microseconds(2));
  EXPECT_EQ(CreateTimeAfter(third, ahead + absl::Hours(1)), ahead + absl::Hours(1));
}

TEST(ImportTimeTest, NeverBeforeTheOneInFrontNorInTheFuture) {
  const absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_TRUE(CheckImportTime(absl::InfinitePast(), now, now).ok());
  EXPECT_TRUE(CheckImportTime(now, now, now).ok());
  EXPECT_FALSE(CheckImportTime(now, now - absl::Microseconds(1), now).ok());
  EXPECT_FALSE(CheckImportTime(now, now + absl::Microseconds(1), now).ok());
}

TEST(ReplayTest, TheSameInvoiceAuthorAndBodyAreAReplay) {
  const Comment stored{
      .comment_id = "c", .invoice_id = "i", .author = {"dana", "Dana"}, .body = "b"};
  Comment again = stored;
  again.author.display_name = "Dana, renamed";
  again.sequence = 7;
  EXPECT_TRUE(IsReplay(stored, again));
  for (auto change : {+[](Comment& c) { c.invoice_id = "j"; }, +[](Comment& c) { c.body = "B"; },
                      +[](Comment& c) { c.author.user_id = "priya"; }}) {
    Comment other = stored;
    change(other);
    EXPECT_FALSE(IsReplay(stored, other));
  }
}

}  // namespace
}  // namespace marginalia
