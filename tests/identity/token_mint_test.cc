#include "deploy/keys/token_mint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "deploy/keys/key_file.h"
#include "services/identity/token_verifier.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

std::unique_ptr<TokenMint> OpenIn(const std::filesystem::path& directory) {
  auto mint = TokenMint::Open(directory);
  EXPECT_TRUE(mint.ok()) << mint.status();
  return *std::move(mint);
}

std::unique_ptr<TokenVerifier> VerifierFor(const TokenMint& mint) {
  auto verifier = TokenVerifier::Create(
      {.jwks_path = mint.jwks_path(), .issuer = mint.issuer(), .audience = mint.audience()});
  EXPECT_TRUE(verifier.ok()) << verifier.status();
  return *std::move(verifier);
}

TEST(TokenMintTest, ItsTokensAreVerifiedWithItsJwks) {
  const TempDir dir;
  const auto mint = OpenIn(dir.path() / "new" / "folder");
  const auto token = VerifierFor(*mint)->Verify(mint->Mint(
      {.org = "northlight", .sub = "dana", .name = "Dana", .role = "member"}, absl::Hours(1)));
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ((*token)->caller.org_id, "northlight");
  EXPECT_EQ((*token)->caller.user_id, "dana");
  EXPECT_EQ((*token)->caller.display_name, "Dana");
  EXPECT_EQ((*token)->caller.role, Role::kMember);
}

TEST(TokenMintTest, OpenedAgainItHasTheSameKey) {
  const TempDir dir;
  const auto first = OpenIn(dir.path());
  const auto second = OpenIn(dir.path());
  EXPECT_EQ(first->kid(), second->kid());
  const std::string token = second->Mint({.org = "a", .sub = "b", .role = "viewer"});
  EXPECT_TRUE(VerifierFor(*first)->Verify(token).ok());
}

TEST(TokenMintTest, ThePrivateKeyIsReadableByItsOwnerOnlyAndNothingElseIsLeft) {
  const TempDir dir;
  const auto mint = OpenIn(dir.path());
  EXPECT_EQ(std::filesystem::status(dir.File("private-key.json")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 2);
}

TEST(TokenMintTest, ALostJwksIsWrittenAgain) {
  const TempDir dir;
  std::filesystem::remove(OpenIn(dir.path())->jwks_path());
  EXPECT_TRUE(std::filesystem::exists(OpenIn(dir.path())->jwks_path()));
}

TEST(TokenMintTest, KeysOfOthersBesideItsOwnStay) {
  const TempDir dir;
  const TempDir other;
  const auto mint = OpenIn(dir.path());
  const std::string theirs = ReadKeyFile(OpenIn(other.path())->jwks_path());
  const std::string ours = ReadKeyFile(mint->jwks_path());
  const std::size_t list = std::string_view("{\"keys\":[").size();
  const std::string both = ours.substr(0, ours.rfind(']')) + "," + theirs.substr(list);
  std::ofstream(mint->jwks_path()) << both;
  OpenIn(dir.path());
  EXPECT_EQ(ReadKeyFile(mint->jwks_path()), both);
  EXPECT_TRUE(VerifierFor(*mint)->Verify(mint->Mint({"a", "b", "", "viewer"})).ok());
}

TEST(TokenMintTest, ANewPrivateKeyGetsANewJwks) {
  const TempDir dir;
  const auto old_mint = OpenIn(dir.path());
  std::filesystem::remove(dir.File("private-key.json"));
  const auto new_mint = OpenIn(dir.path());
  EXPECT_NE(old_mint->kid(), new_mint->kid());
  EXPECT_TRUE(VerifierFor(*new_mint)
                  ->Verify(new_mint->Mint({.org = "a", .sub = "b", .role = "viewer"}))
                  .ok());
}

}  // namespace
}  // namespace marginalia
