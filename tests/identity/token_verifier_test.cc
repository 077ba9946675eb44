#include "services/identity/token_verifier.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "deploy/keys/token_mint.h"
#include "services/errors/errors.h"
#include "tests/identity/forged_token.h"
#include "tests/support/await.h"
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

  bool BecomesRefused(const std::string& token) {
    return Await([&] { return !verifier_->Verify(token).ok(); });
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
  // It was made after now_ was looked at.
  now_ += absl::Minutes(6);
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

TEST_F(TokenVerifierTest, AReplacedKeyIsSeenAndItsTokensAreForgotten) {
  const std::string old_token = Dana();
  ASSERT_TRUE(verifier_->Verify(old_token).ok());
  const auto other = *TokenMint::Open(dir_.path() / "other");
  WriteKeys(ReadFile(other->jwks_path()));
  EXPECT_TRUE(BecomesRefused(old_token));
  EXPECT_TRUE(verifier_->Verify(other->Mint({.org = "a", .sub = "b", .role = "viewer"})).ok());
}

TEST_F(TokenVerifierTest, AnUnknownKeyIsLookedForAtOnce) {
  for (const char* name : {"second", "third"}) {
    const auto other = *TokenMint::Open(dir_.path() / name);
    WriteKeys(ReadFile(other->jwks_path()));
    EXPECT_TRUE(verifier_->Verify(other->Mint({.org = "a", .sub = "b", .role = "viewer"})).ok());
    steady_now_ += kKeyReloadIntervalMin;
  }
}

// A pipe is a file that lets its reader hang, like a volume that is gone.
TEST_F(TokenVerifierTest, KeysThatHangHoldUpNobodyWhoseKeyIsKnown) {
  const auto other = *TokenMint::Open(dir_.path() / "other");
  const std::string pipe = dir_.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_hard_link(pipe, pipe + ".new");
  std::filesystem::rename(pipe + ".new", jwks_path());
  // All that is asked while the file hangs: of those whose key is known, and of one whose key is
  // looked for.
  auto asked = std::async(std::launch::async, [&] {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(verifier_->Verify(Dana()).ok());
    const std::string unknown = other->Mint({.org = "a", .sub = "b", .role = "viewer"});
    EXPECT_FALSE(verifier_->Verify(unknown).ok());
    // It is looked for once a minute: each of these would else wait for a second.
    for (int i = 0; i < 20; ++i) {
      const std::string sub = "b" + std::to_string(i);
      EXPECT_FALSE(verifier_->Verify(other->Mint({.org = "a", .sub = sub, .role = "viewer"})).ok());
    }
    EXPECT_FALSE(verifier_->Known(Dana()).has_value());
  });
  EXPECT_EQ(asked.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  // Whoever reads it goes on.
  int writer = -1;
  ASSERT_TRUE(Await([&] { return (writer = open(pipe.c_str(), O_WRONLY | O_NONBLOCK)) >= 0; }));
  close(writer);
  WriteKeys(ReadFile(other->jwks_path()));
  // It may have begun to read the pipe anew, since it held no keys.
  EXPECT_TRUE(Await([&] {
    if ((writer = open(pipe.c_str(), O_WRONLY | O_NONBLOCK)) >= 0) close(writer);
    return !verifier_->Verify(Dana()).ok();
  }));
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
  EXPECT_TRUE(Await([&] { return !verifier_->Known(good).has_value(); }));
  EXPECT_TRUE(verifier_->Verify(others).ok());
}

TEST_F(TokenVerifierTest, KeysAreReadAgainWhateverTheWallClockIsSetTo) {
  const std::string old_token = Dana();
  ASSERT_TRUE(verifier_->Verify(old_token).ok());
  now_ -= absl::Hours(1);
  const auto other = *TokenMint::Open(dir_.path() / "other");
  WriteKeys(ReadFile(other->jwks_path()));
  EXPECT_TRUE(BecomesRefused(old_token));
}

TEST_F(TokenVerifierTest, UnreadableKeysLeaveTheOldOnesInForce) {
  const std::string token = Dana();
  const auto other = *TokenMint::Open(dir_.path() / "other");
  const std::string others = other->Mint({.org = "a", .sub = "b", .role = "viewer"});
  for (const char* text : {"", "{\"keys\":[", "{\"keys\":[]}"}) {
    WriteKeys(text);
    // Nobody knows this key, so that the file is looked at.
    steady_now_ += kKeyReloadIntervalMin;
    EXPECT_FALSE(verifier_->Verify(others).ok());
    EXPECT_TRUE(verifier_->Verify(token).ok()) << text;
  }
}

TEST_F(TokenVerifierTest, ManyThreadsVerifyWhileKeysAreReplaced) {
  const std::string keys = ReadFile(mint_->jwks_path());
  const auto other = *TokenMint::Open(dir_.path() / "other");
  const std::string unknown = other->Mint({.org = "a", .sub = "b", .role = "viewer"});
  std::atomic<int> minutes = 0;
  auto verifier = *TokenVerifier::Create(
      {.jwks_path = jwks_path(),
       .issuer = "marginalia",
       .audience = "marginalia",
       .steady_clock = [&minutes] { return SteadyTime::Now() + absl::Minutes(minutes.load()); }});
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        const std::string token = Dana();
        if (!verifier->Verify(token).ok() || !verifier->Verify(token).ok()) ++refused;
        if (i != 0) continue;
        WriteKeys(keys + std::string(static_cast<std::size_t>(n), ' '));
        // Nobody knows its key, so that the file is looked at.
        ++minutes;
        EXPECT_FALSE(verifier->Verify(unknown).ok());
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
