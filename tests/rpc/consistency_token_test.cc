#include "services/tokens/consistency_token.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "services/errors/errors.h"
#include "services/tokens/sealed_token.h"

namespace marginalia {
namespace {

constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

absl::StatusOr<LogPoint> Parse(std::string_view token, std::string_view scope) {
  return ParseConsistencyToken(token, scope, "after_token", "RESUME_TOKEN_INVALID");
}

TEST(ConsistencyTokenTest, ThePointComesBack) {
  for (const std::int64_t position : {std::int64_t{0}, std::int64_t{1}, std::int64_t{127},
                                      std::int64_t{128}, std::int64_t{1'000'000}, kLast}) {
    const LogPoint point{"00ff10c0ffee9abc", position};
    const auto parsed = Parse(MakeConsistencyToken(point, "northlight"), "northlight");
    ASSERT_TRUE(parsed.ok()) << position;
    EXPECT_EQ(*parsed, point);
  }
}

TEST(ConsistencyTokenTest, AnotherTenantsTokenIsRefusedLikeOneThatIsMadeUp) {
  const std::string token = MakeConsistencyToken({"00ff10c0ffee9abc", 7}, "rivalworks");
  const auto foreign = Parse(token, "northlight");
  const auto made_up = Parse("AAAA", "northlight");
  EXPECT_EQ(foreign.status(), made_up.status());
  EXPECT_EQ(foreign.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(foreign.status()), "RESUME_TOKEN_INVALID");
  EXPECT_EQ(FieldViolationsOf(foreign.status()).at(0).field, "after_token");
  EXPECT_FALSE(Parse(token, "").ok());
  EXPECT_FALSE(Parse("", "northlight").ok());
}

TEST(ConsistencyTokenTest, APayloadThatIsNoPointIsRefused) {
  const std::string log_id(8, 'x');
  for (const std::string& payload :
       {std::string(), log_id, log_id + "\x80", log_id + "\x01\x01",
        log_id + std::string("\x87\0", 2), log_id + std::string(9, '\xFF') + "\x01"}) {
    EXPECT_FALSE(Parse(SealToken(payload, {"consistency", "a"}), "a").ok());
  }
}

TEST(ConsistencyTokenTest, WhoeverNamesATenantIsBoundToIt) {
  Caller caller{"northlight", "dana", "Dana", Role::kAdmin};
  EXPECT_EQ(TokenScope(caller), "northlight");
  caller.role = Role::kService;
  EXPECT_EQ(TokenScope(caller), "northlight");
  caller.org_id.clear();
  EXPECT_EQ(TokenScope(caller), "");
}

}  // namespace
}  // namespace marginalia
