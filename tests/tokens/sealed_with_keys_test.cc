#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/text/base64url.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/page_token.h"
#include "services/tokens/sealed_token.h"
#include "services/tokens/token_keys.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

constexpr char kLog[] = "00ff10c0ffee9abc";

class SealedWithKeysTest : public testing::Test {
 protected:
  SealedWithKeysTest() {
    const std::string path = directory_.File("token.key");
    std::ofstream(path) << std::string(64, '7');
    chmod(path.c_str(), 0600);
    EXPECT_TRUE(UseTokenKeys(path).ok());
  }
  ~SealedWithKeysTest() override { (void)UseTokenKeys(""); }

  TempDir directory_;
};

TEST_F(SealedWithKeysTest, ThePayloadComesBackWithTheSameBindingAlone) {
  for (const std::string& payload :
       {std::string(), std::string("p"), std::string("\x80\0", 2), std::string(300, '\0')}) {
    const std::string token = SealToken(payload, {"ab", "c"});
    EXPECT_LE(token.size(), kTokenCharactersMax);
    EXPECT_EQ(OpenToken(token, {"ab", "c"}), payload);
    EXPECT_FALSE(OpenToken(token, {"a", "bc"}).has_value());
    EXPECT_FALSE(OpenToken(token, {}).has_value());
  }
}

TEST_F(SealedWithKeysTest, ATokenAlteredCutOrExtendedAnywhereIsRefused) {
  const std::string bytes = *DecodeBase64Url(SealToken("payload", {"x"}));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = bytes;
      altered[i] = static_cast<char>(altered[i] ^ 1 << bit);
      EXPECT_FALSE(OpenToken(EncodeBase64Url(altered), {"x"}).has_value()) << i;
    }
    EXPECT_FALSE(OpenToken(EncodeBase64Url(bytes.substr(0, i)), {"x"}).has_value());
  }
  EXPECT_FALSE(OpenToken(EncodeBase64Url(bytes + "x"), {"x"}).has_value());
}

TEST_F(SealedWithKeysTest, AReadableTokenWhichAnybodyCanMakeIsRefused) {
  const std::string sealed = SealToken("p", {"x"});
  ASSERT_TRUE(UseTokenKeys("").ok());
  EXPECT_FALSE(OpenToken(sealed, {"x"}).has_value());
  const std::string readable = SealToken("p", {"x"});
  EXPECT_EQ(OpenToken(readable, {"x"}), "p");
  ASSERT_TRUE(UseTokenKeys(directory_.File("token.key")).ok());
  EXPECT_FALSE(OpenToken(readable, {"x"}).has_value());
  EXPECT_EQ(OpenToken(sealed, {"x"}), "p");
}

TEST_F(SealedWithKeysTest, APositionShowsNeitherInLengthNorInBytesNorByBeingTheSame) {
  std::set<std::size_t> sizes;
  std::set<std::string> tokens;
  std::vector<std::set<char>> bytes_at(100);
  int made = 0;
  for (const std::int64_t position : {std::int64_t{0}, std::int64_t{1}, std::int64_t{127},
                                      std::int64_t{1'000'000}, std::int64_t{1} << 62}) {
    for (int i = 0; i < 20; ++i, ++made) {
      const std::string token = MakeConsistencyToken({kLog, position}, "northlight");
      EXPECT_EQ(ParseConsistencyToken(token, "northlight", "f", "R")->position, position);
      EXPECT_FALSE(ParseConsistencyToken(token, "rivalworks", "f", "R").ok());
      sizes.insert(token.size());
      tokens.insert(token);
      const std::string bytes = *DecodeBase64Url(token);
      for (std::size_t at = 0; at < bytes.size(); ++at) bytes_at.at(at).insert(bytes[at]);
    }
  }
  EXPECT_EQ(sizes.size(), 1U);
  EXPECT_EQ(tokens.size(), static_cast<std::size_t>(made));
  // Behind the version every byte looks like chance: a byte of a position would take five values.
  for (std::size_t at = 1; at < bytes_at.size() && !bytes_at[at].empty(); ++at) {
    EXPECT_GT(bytes_at[at].size(), 30U) << at;
  }
}

TEST_F(SealedWithKeysTest, APageTokenOfTheSamePlaceIsTheSame) {
  EXPECT_EQ(MakePageToken("cursor", {"List", "org"}), MakePageToken("cursor", {"List", "org"}));
  EXPECT_NE(MakePageToken("cursor", {"List", "org"}), MakePageToken("cursor", {"List", "other"}));
}

TEST_F(SealedWithKeysTest, ThreadsSealAtTheSameTime) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int n = 0; n < 500; ++n) {
        const std::string payload = std::to_string(i * 1000 + n);
        EXPECT_EQ(OpenToken(SealFreshToken(payload, {"x"}), {"x"}), payload);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace marginalia
