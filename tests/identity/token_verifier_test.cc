#include "services/identity/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "deploy/keys/token_mint.h"
#include "services/errors/errors.h"
#include "tests/identity/forged_token.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;

class TokenVerifierTest : public testing::Test {
 protected:
  void SetUp() override {
    mint_ = *TokenMint::Open(dir_.path() / "mint");
    WriteKeys(ReadFile(mint_->jwks_path()));
    auto verifier = TokenVerifier::Create({.jwks_path = jwks_path(),
                                           .issuer = "marginalia",
                                           .audience = "marginalia",
                                           .clock = [this] { return now_; },
                                           .steady_clock = [this] { return steady_now_; }});
    ASSERT_TRUE(verifier.ok()) << verifier.status();
    verifier_ = *std::move(verifier);
  }

  std::string jwks_path() const { return dir_.File("jwks.json"); }

  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  void WriteKeys(const std::string& text) {
    const std::string draft = dir_.File("draft");
    std::ofstream(draft) << text;
    std::filesystem::rename(draft, jwks_path());
  }

  std::string Dana(absl::Duration lifetime = absl::Hours(1)) const {
    return mint_->Mint({.org = "northlight", .sub = "dana", .name = "Dana", .role = "member"},
                       lifetime);
  }

  TempDir dir_;
  absl::Time now_ = absl::Now();
  SteadyTime steady_now_ = SteadyTime::Now();
  std::unique_ptr<TokenMint> mint_;
  std::unique_ptr<TokenVerifier> verifier_;
};

TEST_F(TokenVerifierTest, AVerifiedTokenIsRemembered) {
  const std::string token = Dana();
  const auto first = verifier_->Verify(token);
  const auto second = verifier_->Verify(token);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->get(), second->get());
}

TEST_F(TokenVerifierTest, ARememberedTokenIsRefusedOnceItHasExpired) {
  const std::string token = Dana(absl::Minutes(5));
  ASSERT_TRUE(verifier_->Verify(token).ok());
  now_ += absl::Minutes(5);
  const auto late = verifier_->Verify(token);
  EXPECT_EQ(ReasonOf(late.status()), "TOKEN_INVALID");
  EXPECT_THAT(std::string(late.status().message()), HasSubstr("expired"));
}

TEST_F(TokenVerifierTest, AServiceNeedsNoTenantAndACallerNoName) {
  const auto token = verifier_->Verify(mint_->Mint({.sub = "invoice-service", .role = "service"}));
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ((*token)->caller.org_id, "");
  EXPECT_EQ((*token)->caller.display_name, "invoice-service");
  EXPECT_EQ((*token)->caller.role, Role::kService);
}

TEST_F(TokenVerifierTest, AReplacedKeyIsSeenWithinASecondAndItsTokensAreForgotten) {
  const std::string old_token = Dana();
  ASSERT_TRUE(verifier_->Verify(old_token).ok());
  const auto other = *TokenMint::Open(dir_.path() / "other");
  WriteKeys(ReadFile(other->jwks_path()));
  EXPECT_TRUE(verifier_->Verify(old_token).ok());
  steady_now_ += absl::Seconds(1);
  EXPECT_FALSE(verifier_->Verify(old_token).ok());
  EXPECT_TRUE(verifier_->Verify(other->Mint({.org = "a", .sub = "b", .role = "viewer"})).ok());
}

TEST_F(TokenVerifierTest, AnUnknownKeyIsLookedForAtOnceButAtMostOnceAMinute) {
  const auto second = *TokenMint::Open(dir_.path() / "second");
  WriteKeys(ReadFile(second->jwks_path()));
  EXPECT_TRUE(verifier_->Verify(second->Mint({.org = "a", .sub = "b", .role = "viewer"})).ok());

  const auto third = *TokenMint::Open(dir_.path() / "third");
  const std::string token = third->Mint({.org = "a", .sub = "b", .role = "viewer"});
  WriteKeys(ReadFile(third->jwks_path()));
  EXPECT_FALSE(verifier_->Verify(token).ok());
  steady_now_ += absl::Seconds(1);
  EXPECT_TRUE(verifier_->Verify(token).ok());
}

TEST_F(TokenVerifierTest, ARefusedTokenIsRememberedForAMoment) {
  std::string token = Dana();
  token[token.size() - 5] = token[token.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(verifier_->Known(token).has_value());
  const absl::Status refused = verifier_->Verify(token).status();
  EXPECT_EQ(ReasonOf(refused), "TOKEN_INVALID");
  const auto known = verifier_->Known(token);
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->status(), refused);
  steady_now_ += kRefusalRemembered;
  EXPECT_FALSE(verifier_->Known(token).has_value());
}

TEST_F(TokenVerifierTest, WhatIsKnownOfATokenGoesWithTheKeys) {
  const std::string good = Dana();
  const auto other = *TokenMint::Open(dir_.path() / "other");
  const std::string others = other->Mint({.org = "a", .sub = "b", .role = "viewer"});
  ASSERT_TRUE(verifier_->Verify(good).ok());
  ASSERT_FALSE(verifier_->Verify(others).ok());
  ASSERT_TRUE(verifier_->Known(good)->ok());
  WriteKeys(ReadFile(other->jwks_path()));
  steady_now_ += absl::Seconds(1);
  EXPECT_FALSE(verifier_->Known(good).has_value());
  EXPECT_TRUE(verifier_->Verify(others).ok());
}

TEST_F(TokenVerifierTest, KeysAreReadAgainWhateverTheWallClockIsSetTo) {
  const std::string old_token = Dana();
  ASSERT_TRUE(verifier_->Verify(old_token).ok());
  now_ -= absl::Hours(1);
  const auto other = *TokenMint::Open(dir_.path() / "other");
  WriteKeys(ReadFile(other->jwks_path()));
  steady_now_ += absl::Seconds(1);
  EXPECT_FALSE(verifier_->Verify(old_token).ok());
}

TEST_F(TokenVerifierTest, UnreadableKeysLeaveTheOldOnesInForce) {
  const std::string token = Dana();
  for (const char* text : {"", "{\"keys\":[", "{\"keys\":[]}"}) {
    WriteKeys(text);
    steady_now_ += absl::Seconds(2);
    EXPECT_TRUE(verifier_->Verify(token).ok()) << text;
  }
}

TEST_F(TokenVerifierTest, ManyThreadsVerifyWhileKeysAreReplaced) {
  const std::string keys = ReadFile(mint_->jwks_path());
  auto verifier = *TokenVerifier::Create({.jwks_path = jwks_path(),
                                          .issuer = "marginalia",
                                          .audience = "marginalia",
                                          .steady_clock = [] {
                                            // Every look at the clock is a second later, so that
                                            // every call looks at the file.
                                            static std::atomic<int> seconds = 0;
                                            return SteadyTime::Now() + absl::Seconds(seconds++);
                                          }});
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        const std::string token = Dana();
        if (!verifier->Verify(token).ok() || !verifier->Verify(token).ok()) ++refused;
        if (i == 0) WriteKeys(keys + std::string(static_cast<std::size_t>(n), ' '));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
}

TEST(TokenVerifierStartTest, AMissingOrUnusablePathIsRefusedByName) {
  const TempDir dir;
  EXPECT_THAT(std::string(TokenVerifier::Create({.jwks_path = ""}).status().message()),
              HasSubstr("no path"));
  EXPECT_THAT(
      std::string(TokenVerifier::Create({.jwks_path = dir.File("absent.json")}).status().message()),
      HasSubstr("absent.json"));
  EXPECT_THAT(std::string(TokenVerifier::Create({.jwks_path = dir.path()}).status().message()),
              HasSubstr("no usable key"));
}

}  // namespace
}  // namespace marginalia
