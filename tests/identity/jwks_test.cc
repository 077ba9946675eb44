#include "services/identity/jwks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/identity/forged_token.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;

class JwksTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.File(name)) << text;
    return dir_.File(name);
  }

  // What ReadKeys says of the file, which it must name.
  std::string Refusal(const std::string& text) {
    const std::string path = Write("jwks.json", text);
    const auto keys = ReadKeys(path);
    if (keys.ok()) return "";
    EXPECT_THAT(std::string(keys.status().message()), HasSubstr(path));
    return std::string(keys.status().message());
  }

  static std::string SetOf(const std::string& keys) { return "{\"keys\":[" + keys + "]}"; }

  TempDir dir_;
};

TEST_F(JwksTest, KeysOfEachAllowedKindAreRead) {
  const std::string path = Write("jwks.json", SetOf(NewKeyPair("ES256", "a").public_jwk + "," +
                                                    NewKeyPair("RS256", "b").public_jwk + "," +
                                                    NewKeyPair("EdDSA", "c").public_jwk));
  const auto keys = ReadKeys(path);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->at("a").algorithm, "ES256");
  EXPECT_EQ(keys->at("b").algorithm, "RS256");
  EXPECT_EQ(keys->at("c").algorithm, "EdDSA");
}

TEST_F(JwksTest, EveryJsonFileOfADirectoryIsRead) {
  Write("one.json", SetOf(NewKeyPair("ES256", "a").public_jwk));
  Write("two.json", SetOf(NewKeyPair("ES256", "b").public_jwk));
  Write("notes.txt", "not a key");
  const auto keys = ReadKeys(dir_.path());
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->size(), 2U);
}

TEST_F(JwksTest, APathThatIsNotThereIsRefused) {
  const auto keys = ReadKeys(dir_.File("absent.json"));
  EXPECT_THAT(std::string(keys.status().message()), HasSubstr("absent.json"));
}

TEST_F(JwksTest, AFileThatIsNoJwksIsRefused) {
  EXPECT_THAT(Refusal("{"), HasSubstr("no JWKS"));
  EXPECT_THAT(Refusal("[]"), HasSubstr("no JWKS"));
  EXPECT_THAT(Refusal("{\"keys\":{}}"), HasSubstr("no JWKS"));
  EXPECT_THAT(Refusal("{\"keys\":[1]}"), HasSubstr("no JWKS"));
  EXPECT_THAT(Refusal(""), HasSubstr("cannot read"));
}

TEST_F(JwksTest, AnEmptySetIsRefused) { EXPECT_THAT(Refusal(SetOf("")), HasSubstr("no usable")); }

TEST_F(JwksTest, APrivateKeyIsRefused) {
  EXPECT_THAT(Refusal(SetOf(NewKeyPair("ES256", "a").private_jwk)), HasSubstr("private"));
  EXPECT_THAT(Refusal(SetOf(R"({"kty":"oct","kid":"a","k":"c2VjcmV0"})")), HasSubstr("symmetric"));
}

TEST_F(JwksTest, AKeyIdThatIsThereTwiceIsRefused) {
  EXPECT_THAT(Refusal(SetOf(NewKeyPair("ES256", "a").public_jwk + "," +
                            NewKeyPair("ES256", "a").public_jwk)),
              HasSubstr("twice"));
}

TEST_F(JwksTest, AShortRsaKeyIsRefused) {
  EXPECT_THAT(Refusal(SetOf(NewKeyPair("RS256", "a", 1024).public_jwk)), HasSubstr("2048"));
}

TEST_F(JwksTest, AnIncompleteKeyIsRefused) {
  EXPECT_THAT(Refusal(SetOf(R"({"kty":"EC","crv":"P-256","kid":"a","x":"AAAA"})")),
              HasSubstr("no valid ES256"));
  EXPECT_THAT(Refusal(SetOf(R"({"kty":"RSA","kid":"a","n":"AAAA"})")), HasSubstr("no valid RS256"));
  EXPECT_THAT(Refusal(SetOf(R"({"kty":"OKP","crv":"Ed25519","kid":"a"})")),
              HasSubstr("no valid EdDSA"));
}

TEST_F(JwksTest, KeysForOtherPurposesAreSkipped) {
  const std::string path =
      Write("jwks.json",
            SetOf(NewKeyPair("ES256", "a").public_jwk + "," + NewKeyPair("ES384", "b").public_jwk +
                  R"(,{"kty":"EC","crv":"P-256","kid":"c","use":"enc","x":"AAAA","y":"AAAA"})"
                  R"(,{"kty":"RSA","kid":"d","alg":"PS256","n":"AAAA","e":"AQAB"},{"kty":"new"})"));
  const auto keys = ReadKeys(path);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->size(), 1U);
}

TEST_F(JwksTest, PlacesToFetchFromAreForgotten) {
  std::string key = NewKeyPair("ES256", "a").public_jwk;
  key.insert(1, R"("x5u":"http://127.0.0.1:1/key","x5c":["AAAA"],)");
  const auto keys = ReadKeys(Write("jwks.json", SetOf(key)));
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->at("a").jwk.find("x5"), std::string::npos);
}

}  // namespace
}  // namespace marginalia
