// Every token that must be refused, each beside a good one that differs in that alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <string>

#include "absl/time/clock.h"
#include "services/errors/errors.h"
#include "services/identity/token_verifier.h"
#include "tests/identity/forged_token.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

const KeyPair& Es256Key() {
  static const auto* key = new KeyPair(NewKeyPair("ES256", "es"));
  return *key;
}
const KeyPair& Rs256Key() {
  static const auto* key = new KeyPair(NewKeyPair("RS256", "rs"));
  return *key;
}
const KeyPair& EdKey() {
  static const auto* key = new KeyPair(NewKeyPair("EdDSA", "ed"));
  return *key;
}

class TokenRefusalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(dir_.File("jwks.json"))
        << "{\"keys\":[" << Es256Key().public_jwk << "," << Rs256Key().public_jwk << ","
        << EdKey().public_jwk << "]}";
    auto verifier = TokenVerifier::Create({.jwks_path = dir_.File("jwks.json"),
                                           .issuer = "marginalia",
                                           .audience = "marginalia",
                                           .clock = [this] { return now_; }});
    ASSERT_TRUE(verifier.ok()) << verifier.status();
    verifier_ = *std::move(verifier);
  }

  std::int64_t Seconds(absl::Duration from_now) const {
    return absl::ToUnixSeconds(now_ + from_now);
  }

  json::object GoodClaims() const {
    return {{"iss", "marginalia"}, {"aud", "marginalia"},           {"sub", "dana"},
            {"name", "Dana"},      {"org", "northlight"},           {"role", "member"},
            {"iat", Seconds({})},  {"exp", Seconds(absl::Hours(1))}};
  }

  std::string GoodToken() const {
    return SignedToken(R"({"alg":"ES256","kid":"es"})", json::serialize(GoodClaims()),
                       Es256Key().private_jwk);
  }

  std::string TokenWithHeader(const std::string& header) const {
    return SignedToken(header, json::serialize(GoodClaims()), Es256Key().private_jwk);
  }

  std::string TokenWithClaim(const char* name, json::value value) const {
    json::object claims = GoodClaims();
    claims[name] = std::move(value);
    return TokenWithClaims(claims);
  }

  std::string TokenWithoutClaim(const char* name) const {
    json::object claims = GoodClaims();
    claims.erase(name);
    return TokenWithClaims(claims);
  }

  std::string TokenWithClaims(const json::object& claims) const {
    return SignedToken(R"({"alg":"ES256","kid":"es"})", json::serialize(claims),
                       Es256Key().private_jwk);
  }

  bool Accepts(const std::string& token) { return verifier_->Verify(token).ok(); }

  // The message of the refusal, or "" when the token was taken.
  std::string Refusal(const std::string& token) {
    const auto verified = verifier_->Verify(token);
    if (verified.ok()) return "";
    EXPECT_EQ(verified.status().code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(ReasonOf(verified.status()), "TOKEN_INVALID");
    return std::string(verified.status().message());
  }

  TempDir dir_;
  absl::Time now_ = absl::Now();
  std::unique_ptr<TokenVerifier> verifier_;
};

TEST_F(TokenRefusalTest, GoodTokensOfEveryAlgorithmAreTaken) {
  const std::string claims = json::serialize(GoodClaims());
  EXPECT_TRUE(Accepts(GoodToken()));
  EXPECT_TRUE(
      Accepts(SignedToken(R"({"alg":"RS256","kid":"rs"})", claims, Rs256Key().private_jwk)));
  EXPECT_TRUE(Accepts(SignedToken(R"({"alg":"EdDSA","kid":"ed"})", claims, EdKey().private_jwk)));
}

TEST_F(TokenRefusalTest, AnUnsignedToken) {
  const std::string claims = json::serialize(GoodClaims());
  for (const char* alg : {"none", "None", "NONE", ""}) {
    const std::string header = R"({"alg":")" + std::string(alg) + R"(","kid":"es"})";
    EXPECT_THAT(Refusal(TokenWithSignature(header, claims, "")), HasSubstr("signed with"));
  }
  EXPECT_THAT(Refusal(TokenWithSignature(R"({"kid":"es"})", claims, "")), HasSubstr("signed with"));
  EXPECT_NE(Refusal(TokenWithSignature(R"({"alg":"ES256","kid":"es"})", claims, "")), "");
}

TEST_F(TokenRefusalTest, APublicKeyTakenForASharedSecret) {
  const std::string claims = json::serialize(GoodClaims());
  const std::string header = R"({"alg":"HS256","kid":"rs"})";
  const std::string unsigned_token = TokenWithSignature(header, claims, "");
  const std::string text = unsigned_token.substr(0, unsigned_token.size() - 1);
  EXPECT_THAT(Refusal(TokenWithSignature(header, claims, HmacSha256(Rs256Key().public_jwk, text))),
              HasSubstr("signed with"));
}

TEST_F(TokenRefusalTest, AnAlgorithmThatIsNotListed) {
  const std::string claims = json::serialize(GoodClaims());
  EXPECT_NE(Refusal(SignedToken(R"({"alg":"RS512","kid":"rs"})", claims, Rs256Key().private_jwk)),
            "");
  const KeyPair es384 = NewKeyPair("ES384", "es");
  EXPECT_NE(Refusal(SignedToken(R"({"alg":"ES384","kid":"es"})", claims, es384.private_jwk)), "");
}

TEST_F(TokenRefusalTest, AnAlgorithmThatTheKeyIsNotFor) {
  const std::string claims = json::serialize(GoodClaims());
  EXPECT_THAT(Refusal(SignedToken(R"({"alg":"RS256","kid":"es"})", claims, Rs256Key().private_jwk)),
              HasSubstr("its key is not for"));
  EXPECT_NE(Refusal(TokenWithSignature(R"({"alg":"EdDSA","kid":"rs"})", claims, "x")), "");
}

TEST_F(TokenRefusalTest, ASignatureOfAnotherKey) {
  const KeyPair other = NewKeyPair("ES256", "es");
  EXPECT_THAT(Refusal(SignedToken(R"({"alg":"ES256","kid":"es"})", json::serialize(GoodClaims()),
                                  other.private_jwk)),
              HasSubstr("bad signature"));
}

TEST_F(TokenRefusalTest, AnUnknownOrHostileKeyId) {
  for (const char* kid : {"other", "../../etc/passwd", "/dev/null", "es' OR '1'='1",
                          "es; DROP TABLE keys", "es%00", "ES", "es "}) {
    EXPECT_THAT(Refusal(TokenWithHeader(R"({"alg":"ES256","kid":")" + std::string(kid) + "\"}")),
                HasSubstr("unknown key"))
        << kid;
  }
  EXPECT_THAT(Refusal(TokenWithSignature(R"({"alg":"ES256"})", json::serialize(GoodClaims()), "x")),
              HasSubstr("no key id"));
  EXPECT_THAT(
      Refusal(TokenWithSignature(R"({"alg":"ES256","kid":7})", json::serialize(GoodClaims()), "x")),
      HasSubstr("no key id"));
}

TEST_F(TokenRefusalTest, AHeaderThatBringsOrNamesAKey) {
  for (const char* extra :
       {R"("jku":"http://127.0.0.1:1/jwks")", R"("x5u":"http://127.0.0.1:1/cert")",
        R"("x5c":["AAAA"])", R"("crit":["exp"])"}) {
    const std::string header = R"({"alg":"ES256","kid":"es",)" + std::string(extra) + "}";
    EXPECT_THAT(Refusal(TokenWithSignature(header, json::serialize(GoodClaims()), "x")),
                HasSubstr("names a key or an extension"))
        << extra;
  }
  const KeyPair own = NewKeyPair("ES256", "es");
  EXPECT_NE(Refusal(SignedToken(R"({"alg":"ES256","kid":"es","jwk":)" + own.public_jwk + "}",
                                json::serialize(GoodClaims()), own.private_jwk)),
            "");
}

TEST_F(TokenRefusalTest, ATokenThatHasExpired) {
  EXPECT_TRUE(Accepts(TokenWithClaim("exp", Seconds(absl::Seconds(5)))));
  EXPECT_THAT(Refusal(TokenWithClaim("exp", Seconds(-absl::Seconds(1)))), HasSubstr("expired"));
  EXPECT_THAT(Refusal(TokenWithoutClaim("exp")), HasSubstr("exp"));
  EXPECT_THAT(Refusal(TokenWithClaim("exp", "tomorrow")), HasSubstr("no time"));
  EXPECT_THAT(Refusal(TokenWithClaim("exp", -1)), HasSubstr("no time"));
}

TEST_F(TokenRefusalTest, ATokenThatIsNotYetValid) {
  EXPECT_TRUE(Accepts(TokenWithClaim("nbf", Seconds(absl::Seconds(50)))));
  EXPECT_THAT(Refusal(TokenWithClaim("nbf", Seconds(absl::Seconds(70)))), HasSubstr("not valid"));
  EXPECT_TRUE(Accepts(TokenWithoutClaim("iat")));
  EXPECT_THAT(Refusal(TokenWithClaim("iat", Seconds(absl::Seconds(70)))), HasSubstr("not valid"));
}

TEST_F(TokenRefusalTest, AnotherIssuer) {
  EXPECT_THAT(Refusal(TokenWithClaim("iss", "marginaliA")), HasSubstr("issuer"));
  EXPECT_THAT(Refusal(TokenWithoutClaim("iss")), HasSubstr("issuer"));
  EXPECT_THAT(Refusal(TokenWithClaim("iss", json::array{"marginalia"})), HasSubstr("issuer"));
}

TEST_F(TokenRefusalTest, AnotherAudience) {
  EXPECT_TRUE(Accepts(TokenWithClaim("aud", json::array{"other", "marginalia"})));
  EXPECT_THAT(Refusal(TokenWithClaim("aud", "other")), HasSubstr("audience"));
  EXPECT_THAT(Refusal(TokenWithClaim("aud", json::array{"other"})), HasSubstr("audience"));
  EXPECT_THAT(Refusal(TokenWithoutClaim("aud")), HasSubstr("audience"));
}

TEST_F(TokenRefusalTest, AnotherThanTheIssuersAndAudiencesThatAreNamed) {
  const auto verifier = TokenVerifier::Create({.jwks_path = dir_.File("jwks.json"),
                                               .issuer = "https://idp.example,marginalia",
                                               .audience = "marginalia,https://api.example",
                                               .clock = [this] { return now_; }});
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const auto accepts = [&](const char* name, const json::value& value) {
    return (*verifier)->Verify(TokenWithClaim(name, value)).ok();
  };
  EXPECT_TRUE(accepts("iss", "https://idp.example"));
  EXPECT_TRUE(accepts("iss", "marginalia"));
  EXPECT_TRUE(accepts("aud", "https://api.example"));
  EXPECT_TRUE(accepts("aud", json::array{"other", "marginalia"}));
  for (const char* none : {"", "marginal", "idp.example", "https://idp.example,marginalia", ","}) {
    EXPECT_FALSE(accepts("iss", none)) << none;
    EXPECT_FALSE(accepts("aud", none)) << none;
  }
}

TEST_F(TokenRefusalTest, APersonWithoutATenant) {
  EXPECT_THAT(Refusal(TokenWithoutClaim("org")), HasSubstr("org"));
  EXPECT_THAT(Refusal(TokenWithClaim("org", "")), HasSubstr("org"));
  EXPECT_THAT(Refusal(TokenWithClaim("org", 7)), HasSubstr("org"));
  EXPECT_THAT(Refusal(TokenWithClaim("org", json::string(129, 'x'))), HasSubstr("org"));
  EXPECT_THAT(Refusal(TokenWithClaim("org", "a\rb")), HasSubstr("org"));
  EXPECT_NE(Refusal(TokenWithClaim("org", json::string("a\0b", 3))), "");
}

// A provider's template may fill in nothing; only a token that says nothing of a tenant acts for
// all.
TEST_F(TokenRefusalTest, AServiceWhoseTenantIsEmpty) {
  json::object claims = GoodClaims();
  claims["role"] = "service";
  EXPECT_TRUE(Accepts(TokenWithClaims(claims)));
  for (const json::value& org : {json::value(""), json::value(" "), json::value(nullptr)}) {
    claims["org"] = org;
    EXPECT_THAT(Refusal(TokenWithClaims(claims)), HasSubstr("claim org"));
  }
  claims.erase("org");
  EXPECT_TRUE(Accepts(TokenWithClaims(claims)));
}

TEST_F(TokenRefusalTest, ANamelessCaller) {
  EXPECT_THAT(Refusal(TokenWithoutClaim("sub")), HasSubstr("sub"));
  EXPECT_THAT(Refusal(TokenWithClaim("sub", "")), HasSubstr("sub"));
  EXPECT_THAT(Refusal(TokenWithClaim("sub", json::string(129, 'x'))), HasSubstr("sub"));
  EXPECT_THAT(Refusal(TokenWithClaim("name", json::string(201, 'x'))), HasSubstr("name"));
  EXPECT_THAT(Refusal(TokenWithClaim("name", "a\nb")), HasSubstr("name"));
  EXPECT_TRUE(Accepts(TokenWithClaim("name", "")));
}

TEST_F(TokenRefusalTest, AClaimThatIsNoGoodIsNamedAndTheSignatureIsNot) {
  EXPECT_THAT(Refusal(TokenWithClaim("name", "\u3164")),
              HasSubstr("has a claim name that must not be blank"));
  EXPECT_THAT(Refusal(TokenWithClaim("name", "a\u2028b")), HasSubstr("claim name"));
  EXPECT_THAT(Refusal(TokenWithClaim("name", 7)), HasSubstr("claim name"));
  EXPECT_THAT(Refusal(TokenWithClaim("exp", 1e20)), HasSubstr("claim exp"));
  EXPECT_THAT(Refusal(TokenWithClaim("sub", json::string("a\0b", 3))), HasSubstr("claim sub"));
  EXPECT_THAT(Refusal(TokenWithClaim("sub", "\u2800")), HasSubstr("claim sub"));
  EXPECT_THAT(Refusal(TokenWithClaim("org", json::string("a\0b", 3))), HasSubstr("claim org"));
}

TEST_F(TokenRefusalTest, AnUnknownRole) {
  EXPECT_THAT(Refusal(TokenWithClaim("role", "root")), HasSubstr("role"));
  EXPECT_THAT(Refusal(TokenWithClaim("role", "Admin")), HasSubstr("role"));
  EXPECT_THAT(Refusal(TokenWithoutClaim("role")), HasSubstr("role"));
}

TEST_F(TokenRefusalTest, ClaimsThatAreNoJsonInUtf8) {
  const std::string header = R"({"alg":"ES256","kid":"es"})";
  for (const std::string claims : {"", "{", "[]", "\"sub\"", "{\"sub\":\"\xFF\"}"}) {
    EXPECT_THAT(Refusal(SignedToken(header, claims, Es256Key().private_jwk)), Not(""));
  }
}

TEST_F(TokenRefusalTest, SomethingThatIsNoToken) {
  for (const std::string text : {"", ".", "..", "...", "a.b", "a.b.c", "e30.e30.e30", "e30.e30.",
                                 "a.b.c.d.e", " ", "\xFF.\xFF.\xFF"}) {
    EXPECT_NE(Refusal(text), "") << text;
  }
  EXPECT_THAT(Refusal(std::string(kTokenBytesMax + 1, 'a')), HasSubstr("8 KiB"));
}

TEST_F(TokenRefusalTest, ATokenAlteredAtAnyByte) {
  const std::string good = GoodToken();
  ASSERT_TRUE(Accepts(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char with : {'A', 'B', 'g', 'w', '=', '.'}) {
      std::string altered = good;
      if (altered[i] == with) continue;
      altered[i] = with;
      ASSERT_NE(Refusal(altered), "") << "byte " << i << " became " << with;
    }
  }
  EXPECT_NE(Refusal(good + "A"), "");
  EXPECT_NE(Refusal(good + "="), "");
  EXPECT_NE(Refusal(good.substr(0, good.size() - 1)), "");
}

TEST_F(TokenRefusalTest, ARefusalQuotesNothingOfTheToken) {
  EXPECT_THAT(Refusal(TokenWithClaim("role", "canary-4711")), Not(HasSubstr("canary")));
  EXPECT_THAT(Refusal(TokenWithHeader(R"({"alg":"ES256","kid":"canary-4711"})")),
              Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace marginalia
