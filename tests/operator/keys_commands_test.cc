// keys-init and token: the keys of one machine, and tokens signed with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "comments-service/record/checkpoint.h"
#include "comments-service/record/signed_note.h"
#include "deploy/keys/token_mint.h"
#include "services/identity/token_verifier.h"
#include "services/tokens/token_keys.h"
#include "tests/operator/operator_run.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

uid_t OwnerOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_uid : static_cast<uid_t>(-1);
}

class KeysCommandsTest : public testing::Test {
 protected:
  OperatorOutcome KeysInit() { return RunOperator({"keys-init", "--keys_path=" + keys_}); }
  OperatorOutcome Token(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"token", "--keys_path=" + keys_});
    return RunOperator(flags);
  }
  absl::StatusOr<VerifiedToken> Verified(std::string token) {
    const auto verifier = TokenVerifier::Create(
        {.jwks_path = keys_ + "/jwks.json", .issuer = "marginalia", .audience = "marginalia"});
    if (!verifier.ok()) return verifier.status();
    absl::StripAsciiWhitespace(&token);
    const auto verified = (*verifier)->Verify(token);
    if (!verified.ok()) return verified.status();
    return **verified;
  }
  // What the command says when it did the same to all.
  std::string AllFiles(const std::string& done) {
    std::string lines;
    for (const char* name : {"private-key.json", "jwks.json", "service.jwt", "token.key",
                             "checkpoint.pem", "checkpoint.vkey"}) {
      absl::StrAppend(&lines, done, " ", keys_, "/", name, "\n");
    }
    return lines;
  }
  std::string ServiceToken() { return ReadWhole(keys_ + "/service.jwt"); }

  TempDir directory_;
  // Its parent is not there either.
  const std::string keys_ = directory_.File("state") + "/keys";
};

TEST_F(KeysCommandsTest, WhatIsMissingIsMadeForItsOwnerAloneAndStays) {
  const OperatorOutcome made = KeysInit();
  ASSERT_EQ(made.exit_code, 0) << made.error;
  EXPECT_EQ(made.out, AllFiles("made"));
  EXPECT_EQ(ModeOf(keys_), 0700u);
  for (const char* secret : {"private-key.json", "service.jwt", "token.key", "checkpoint.pem"}) {
    EXPECT_EQ(ModeOf(keys_ + "/" + secret), 0600u) << secret;
  }
  const auto token = Verified(ServiceToken());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_GT(token->expires, absl::Now() + absl::Hours(700));

  const std::string private_key = ReadWhole(keys_ + "/private-key.json");
  const std::string service_token = ServiceToken();
  const std::string token_key = ReadWhole(keys_ + "/token.key");
  EXPECT_TRUE(ReadTokenKeys(keys_ + "/token.key").ok());
  const std::string checkpoint_key = ReadWhole(keys_ + "/checkpoint.pem");
  const auto signing = SigningKey::FromPem(checkpoint_key);
  ASSERT_TRUE(signing.ok()) << signing.status();
  EXPECT_EQ(ReadWhole(keys_ + "/checkpoint.vkey"),
            signing->front().Verifier(kCheckpointKeyName).Text() + "\n");
  const OperatorOutcome kept = KeysInit();
  EXPECT_EQ(kept.exit_code, 0) << kept.error;
  EXPECT_EQ(kept.out, AllFiles("kept"));
  EXPECT_EQ(ReadWhole(keys_ + "/private-key.json"), private_key);
  EXPECT_EQ(ServiceToken(), service_token);
  EXPECT_EQ(ReadWhole(keys_ + "/token.key"), token_key);
  EXPECT_EQ(ReadWhole(keys_ + "/checkpoint.pem"), checkpoint_key);
}

TEST_F(KeysCommandsTest, AServiceTokenThatIsOldOrNoneIsRenewedWithTheSameKey) {
  ASSERT_EQ(KeysInit().exit_code, 0);
  const auto mint = TokenMint::Open(keys_);
  ASSERT_TRUE(mint.ok()) << mint.status();
  const std::string day_old =
      (*mint)->Mint({"", "service", "Service", "service"}, absl::Hours(720 - 24));
  for (const std::string& old : {day_old, std::string("none"), std::string()}) {
    WriteWhole(keys_ + "/service.jwt", old);
    const OperatorOutcome renewed = KeysInit();
    EXPECT_EQ(renewed.exit_code, 0) << renewed.error;
    EXPECT_THAT(renewed.out, HasSubstr("kept " + keys_ + "/private-key.json"));
    EXPECT_THAT(renewed.out, HasSubstr("made " + keys_ + "/service.jwt"));
    EXPECT_TRUE(Verified(ServiceToken()).ok());
  }
}

TEST_F(KeysCommandsTest, ANewKeyBringsANewServiceTokenAndSaysSo) {
  ASSERT_EQ(KeysInit().exit_code, 0);
  std::filesystem::remove(keys_ + "/private-key.json");
  const OperatorOutcome outcome = KeysInit();
  ASSERT_EQ(outcome.exit_code, 0);
  for (const char* name : {"private-key.json", "jwks.json", "service.jwt"}) {
    EXPECT_THAT(outcome.out, HasSubstr("made " + keys_ + "/" + name));
  }
  EXPECT_TRUE(Verified(ServiceToken()).ok());
}

TEST_F(KeysCommandsTest, WhatIsMadeBelongsToTheOwnerOfItsFolder) {
  std::filesystem::create_directory(directory_.File("state"));
  // Only root can give a folder away.
  const uid_t owner = geteuid() == 0 ? 1 : geteuid();
  ASSERT_EQ(chown(directory_.File("state").c_str(), owner, getegid()), 0);
  ASSERT_EQ(KeysInit().exit_code, 0);
  EXPECT_EQ(OwnerOf(keys_), owner);
  for (const auto& file : std::filesystem::directory_iterator(keys_)) {
    EXPECT_EQ(OwnerOf(file.path()), owner) << file.path();
  }
}

TEST_F(KeysCommandsTest, WhatIsNoKeyIsNamedAndNotReplaced) {
  ASSERT_EQ(KeysInit().exit_code, 0);
  WriteWhole(keys_ + "/private-key.json", "no key");
  const OperatorOutcome outcome = KeysInit();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr(keys_ + "/private-key.json holds no ES256 key"));
  EXPECT_EQ(ReadWhole(keys_ + "/private-key.json"), "no key");
}

TEST_F(KeysCommandsTest, ADirectoryThatCannotBeMadeIsNamed) {
  WriteWhole(directory_.File("file"), "");
  const std::string path = directory_.File("file") + "/keys";
  const OperatorOutcome outcome = RunOperator({"keys-init", "--keys_path=" + path});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("cannot make " + path));
}

TEST_F(KeysCommandsTest, ATokenSaysWhoCallsAndForHowLong) {
  ASSERT_EQ(KeysInit().exit_code, 0);
  const OperatorOutcome outcome =
      Token({"--org=acme", "--sub=dana", "--name=Dana", "--role=admin", "--lifetime=1h"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  const auto token = Verified(outcome.out);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->caller.org_id, "acme");
  EXPECT_EQ(token->caller.user_id, "dana");
  EXPECT_LE(token->expires, absl::Now() + absl::Hours(1));
}

TEST_F(KeysCommandsTest, ATokenThatWouldBeRefusedIsNotMade) {
  const OperatorOutcome without_keys = Token({"--org=acme", "--sub=dana"});
  EXPECT_EQ(without_keys.exit_code, 2);
  EXPECT_THAT(without_keys.error, HasSubstr("keys-init"));
  EXPECT_FALSE(std::filesystem::exists(keys_));

  ASSERT_EQ(KeysInit().exit_code, 0);
  const std::vector<std::pair<std::vector<std::string>, std::string>> refused = {
      {{"--org=acme"}, "--sub is required"},
      {{"--sub=dana"}, "--org is required"},
      {{"--org=acme", "--sub=dana", "--role=owner"}, "--role"},
      {{"--org=acme", "--sub=dana", "--lifetime=0s"}, "--lifetime"},
      {{"--org=acme", "--sub=dana", "--lifetime=9000h"}, "--lifetime"},
      {{"--org=acme", "--sub=" + std::string(9'000, 'd')}, "token"},
  };
  for (const auto& [flags, reason] : refused) {
    const OperatorOutcome outcome = Token(flags);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.error, HasSubstr(reason));
  }
}

}  // namespace
}  // namespace marginalia
