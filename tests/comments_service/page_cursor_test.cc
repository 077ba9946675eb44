// The places that page tokens lead to, also those that only a forger would write: a token's seal is
// no secret.
#include "comments-service/thread/page_cursor.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "comments-service/thread/thread_counts_cursor.h"
#include "services/errors/errors.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

using Direction = PageCursor::Direction;
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

absl::StatusOr<PageCursor> Forged(const std::string& text) {
  return ParseCursorToken(MakePageToken(text, {"Listing", "org"}), {"Listing", "org"});
}

TEST(PageCursorTest, ACursorComesBackFromItsToken) {
  for (const Direction direction : {Direction::kOlder, Direction::kNewer}) {
    const std::string token = MakeCursorToken({direction, 41}, {"Listing", "org"});
    const auto cursor = ParseCursorToken(token, {"Listing", "org"});
    ASSERT_TRUE(cursor.ok()) << cursor.status();
    EXPECT_EQ(cursor->direction, direction);
    EXPECT_EQ(cursor->from, 41);
  }
}

TEST(PageCursorTest, WhatIsNoPlaceIsRefused) {
  for (const char* text : {"", "o", "41", "x41", "o-1", "o4x", "n9223372036854775808"}) {
    EXPECT_EQ(ReasonOf(Forged(text).status()), "PAGE_TOKEN_INVALID") << text;
  }
}

TEST(PageCursorTest, NothingIsNewerThanTheEndOfAllNumbers) {
  EXPECT_EQ(ReasonOf(Forged("n" + std::to_string(kLast)).status()), "PAGE_TOKEN_INVALID");
  const auto last = Forged("n" + std::to_string(kLast - 1));
  ASSERT_TRUE(last.ok()) << last.status();
  const PageTokens tokens = TokensOf(*last, nullptr, {"Listing", "org"});
  EXPECT_EQ(ParseCursorToken(tokens.next, {"Listing", "org"})->from, kLast);
}

TEST(ThreadCountsCursorTest, WhatIsNoThreadIsRefused) {
  const std::string log_id = "00ff10c0ffee9abc";
  const std::string good = MakeThreadCountsToken({"org/2", "INV-1", 7}, log_id, "");
  EXPECT_EQ(ParseThreadCountsCursor(good, log_id, "")->org_id, "org/2");
  EXPECT_FALSE(ParseThreadCountsCursor(good, log_id, "org/2").ok()) << "it is of all tenants";
  for (const std::string& text :
       {std::string("7"), std::string("7/INV-1"), std::string("x/INV-1/org"),
        std::string("-7/INV-1/org"), std::string("7//org"), std::string("7/INV-1/"),
        std::string("7/INV\xFF/org"), std::string("7/INV-1/o\0g", 11)}) {
    const std::string token = MakePageToken(text, {"ListThreadCounts", log_id, ""});
    EXPECT_EQ(ReasonOf(ParseThreadCountsCursor(token, log_id, "").status()), "PAGE_TOKEN_INVALID")
        << text;
  }
}

}  // namespace
}  // namespace marginalia
