#include "services/tokens/sealed_token.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

TEST(SealedTokenTest, ThePayloadComesBackWithTheSameBinding) {
  for (const std::string& payload : {std::string(), std::string("p"), std::string(374, '\0')}) {
    EXPECT_EQ(OpenToken(SealToken(payload, {"a", "b"}), {"a", "b"}), payload);
  }
}

TEST(SealedTokenTest, ATokenIsUrlSafe) {
  const std::string token = SealToken(std::string(100, '\xFF'), {"a"});
  EXPECT_EQ(
      token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      std::string::npos);
}

TEST(SealedTokenTest, AnotherBindingIsRefused) {
  const std::string token = SealToken("p", {"ab", "c"});
  EXPECT_FALSE(OpenToken(token, {"a", "bc"}).has_value());
  EXPECT_FALSE(OpenToken(token, {"ab"}).has_value());
  EXPECT_FALSE(OpenToken(token, {"ab", "c", ""}).has_value());
  EXPECT_FALSE(OpenToken(token, {"c", "ab"}).has_value());
  EXPECT_FALSE(OpenToken(token, {}).has_value());
}

TEST(SealedTokenTest, ATokenAlteredAtAnyByteIsRefused) {
  for (const char* payload : {"a", "ab", "abc", "abcd"}) {
    const std::string token = SealToken(payload, {"x"});
    for (std::size_t i = 0; i < token.size(); ++i) {
      for (int c = 0; c < 256; ++c) {
        std::string altered = token;
        altered[i] = static_cast<char>(c);
        if (altered == token) continue;
        ASSERT_FALSE(OpenToken(altered, {"x"}).has_value()) << i;
      }
    }
  }
}

TEST(SealedTokenTest, ATokenCutOrExtendedIsRefused) {
  const std::string token = SealToken("abc", {"x"});
  for (std::size_t i = 0; i < token.size(); ++i) {
    EXPECT_FALSE(OpenToken(token.substr(0, i), {"x"}).has_value());
  }
  for (const char* tail : {"A", "AA", "AAA", "AAAA", "=", "=="}) {
    EXPECT_FALSE(OpenToken(token + tail, {"x"}).has_value());
  }
  EXPECT_FALSE(OpenToken(std::string(kTokenCharactersMax + 1, 'A'), {"x"}).has_value());
}

}  // namespace
}  // namespace marginalia
