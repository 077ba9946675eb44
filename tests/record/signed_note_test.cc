#include "comments-service/record/signed_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>

#include "comments-service/record/digest.h"
#include "tests/record/by_the_book.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

// The example of C2SP's signed-note.
constexpr char kExampleKey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kExampleNote[] =
    "This is an example message.\n\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFX"
    "mRKuwHjG1Yu72IneyaQM=\n";

void Write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(SignedNoteTest, TheExampleOfTheSpecificationIsOpened) {
  const absl::StatusOr<VerifierKey> key = VerifierKey::Parse(kExampleKey);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->Text(), kExampleKey);
  EXPECT_EQ(key->name(), "example.com/foo");
  EXPECT_EQ(key->id(), 0x530d903au);
  const absl::StatusOr<std::string> text = OpenNote(kExampleNote, {{*key}});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "This is an example message.\n");
}

// What OpenSSL's command line makes of the key file, and of the signature.
TEST(SignedNoteTest, OpenSslsCommandLineVerifiesWhatWasSigned) {
  const TempDir directory;
  const SigningKey key = SigningKey::Make();
  const std::string text = "marginalia.dev/0123/org\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2=\n";
  const absl::StatusOr<Note> note = ParseNote(SignNote(text, "k", {{key}}));
  ASSERT_TRUE(note.ok()) << note.status();
  Write(directory.File("key.pem"), key.Pem());
  Write(directory.File("text"), text);
  Write(directory.File("signature"), note->signatures.front().bytes);
  const auto verify = [&directory] {
    return RunProgram({"openssl", "pkeyutl", "-verify", "-rawin", "-inkey",
                       directory.File("key.pem"), "-in", directory.File("text"), "-sigfile",
                       directory.File("signature")});
  };
  EXPECT_THAT(verify().said, HasSubstr("Signature Verified Successfully"));
  Write(directory.File("text"), text + "\n");
  EXPECT_NE(verify().exit_code, 0);
}

TEST(SignedNoteTest, AKeyThatOpenSslsCommandLineMadeSigns) {
  const TempDir directory;
  const std::string path = directory.File("key.pem");
  ASSERT_EQ(RunProgram({"openssl", "genpkey", "-algorithm", "ed25519", "-out", path}).exit_code, 0);
  std::ifstream file(path);
  const std::string pem(std::istreambuf_iterator<char>(file), {});
  const absl::StatusOr<std::vector<SigningKey>> keys = SigningKey::FromPem(pem);
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_EQ(keys->front().Pem(), pem);
  const VerifierKey verifier = keys->front().Verifier("k");
  EXPECT_TRUE(OpenNote(SignNote("said\n", "k", *keys), {{verifier}}).ok());
}

TEST(SignedNoteTest, WhileKeysAreRotatedBothSignAndEitherVerifies) {
  const SigningKey old_key = SigningKey::Make();
  const SigningKey new_key = SigningKey::Make();
  const absl::StatusOr<std::vector<SigningKey>> both =
      SigningKey::FromPem(old_key.Pem() + new_key.Pem());
  ASSERT_TRUE(both.ok()) << both.status();
  const std::string note = SignNote("said\n", "k", *both);
  EXPECT_TRUE(OpenNote(note, {{old_key.Verifier("k")}}).ok());
  EXPECT_TRUE(OpenNote(note, {{new_key.Verifier("k")}}).ok());
  EXPECT_TRUE(OpenNote(note, {{new_key.Verifier("k"), old_key.Verifier("k")}}).ok());
  EXPECT_FALSE(OpenNote(note, {{SigningKey::Make().Verifier("k")}}).ok());
  EXPECT_FALSE(OpenNote(note, {{old_key.Verifier("another")}}).ok());
}

TEST(SignedNoteTest, AnyByteThatIsChangedIsFound) {
  const SigningKey key = SigningKey::Make();
  const VerifierKey verifier = key.Verifier("marginalia.dev/checkpoint");
  const std::string note = SignNote("one\n\ntwo\n", verifier.name(), {{key}});
  ASSERT_TRUE(OpenNote(note, {{verifier}}).ok());
  for (std::size_t i = 0; i < note.size(); ++i) {
    for (const int bit : {1, 32}) {
      std::string changed = note;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      EXPECT_FALSE(OpenNote(changed, {{verifier}}).ok()) << i;
    }
    EXPECT_FALSE(OpenNote(note.substr(0, i), {{verifier}}).ok()) << i;
  }
  EXPECT_FALSE(OpenNote("\n" + note, {{verifier}}).ok());
}

TEST(SignedNoteTest, WhatIsNoNoteIsRefusedWithTheReason) {
  const std::string signature = SignNote("x\n", "k", {{SigningKey::Make()}}).substr(3);
  std::string many = "x\n\n";
  for (std::size_t i = 0; i <= kNoteSignaturesMax; ++i) many += signature;
  const struct {
    std::string note;
    std::string why;
  } refused[] = {
      {"", "no blank line"},
      {"x\n" + signature, "no blank line"},
      {"x\n\n", "it has no signature"},
      {"x\n\n\u2014 k !!!!\n", "a line of its signatures"},
      {"x\n\n\u2014 k AAAAAA\n", "a line of its signatures"},
      {"x\n\n- k AAAAAAAA\n", "a line of its signatures"},
      {"x\n\n\u2014 a+b AAAAAAAA\n", "a line of its signatures"},
      {"x\n\n\u2014 k AAAA\n", "a line of its signatures"},
      {"x\n\n" + signature.substr(0, signature.size() - 1), "has no end"},
      {"x\t\n\n" + signature, "not text of lines"},
      {"x\r\n\n" + signature, "not text of lines"},
      {"\xFF\n\n" + signature, "not text of lines"},
      {std::string(kNoteBytesMax, 'x') + "\n\n" + signature, "longer than 65536 bytes"},
      {many, "too many signatures"},
  };
  for (const auto& [note, why] : refused) {
    const absl::StatusOr<Note> parsed = ParseNote(note);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(why)) << note.substr(0, 80);
  }
  EXPECT_TRUE(ParseNote("x\n\n" + signature).ok());
}

TEST(SignedNoteTest, WhatIsNoKeyIsRefusedWithTheReason) {
  const std::string key = kExampleKey;
  const struct {
    std::string text;
    std::string why;
  } refused[] = {
      {"", "NAME+ID+KEY"},
      {"example.com/foo", "NAME+ID+KEY"},
      {"example.com/foo+530d903a", "NAME+ID+KEY"},
      {key.substr(15), "its name is empty"},
      {"a b" + key.substr(15), "white space"},
      {"a\u3000b" + key.substr(15), "white space"},
      {"example.com/bar" + key.substr(15), "its id is not the one"},
      {"example.com/foo+530d903b" + key.substr(24), "its id is not the one"},
      {"example.com/foo+530D903A" + key.substr(24), "its id is not the one"},
      {key + "A", "not base64"},
      {key + "\n", "not base64"},
      {"example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
       "another kind than Ed25519"},
      {"example.com/foo+530d903a+AekyeRrm", "another kind than Ed25519"},
  };
  for (const auto& [text, why] : refused) {
    EXPECT_THAT(std::string(VerifierKey::Parse(text).status().message()), HasSubstr(why)) << text;
  }
  EXPECT_EQ(ParseVerifierKeys("\n " + key + " \n\n" + key + "\n")->size(), 2u);
  EXPECT_FALSE(ParseVerifierKeys("\n").ok());
  EXPECT_FALSE(ParseVerifierKeys(key + "\nnone\n").ok());
}

TEST(SignedNoteTest, WhatIsNoPrivateKeyIsRefusedWithTheReason) {
  const TempDir directory;
  const std::string rsa = directory.File("rsa.pem");
  ASSERT_EQ(RunProgram({"openssl", "genpkey", "-algorithm", "rsa", "-out", rsa}).exit_code, 0);
  std::ifstream file(rsa);
  const std::string other((std::istreambuf_iterator<char>(file)), {});
  const std::string pem = SigningKey::Make().Pem();
  std::string five;
  for (int i = 0; i < 5; ++i) five += pem;
  const struct {
    std::string pem;
    std::string why;
  } refused[] = {
      {"", "does not hold private keys"},
      {"not a key", "does not hold private keys"},
      {pem.substr(0, pem.size() / 2), "does not hold private keys"},
      {pem + pem.substr(0, pem.size() / 2), "does not hold private keys"},
      {other, "another kind than Ed25519"},
      {pem + other, "another kind than Ed25519"},
      {five, "more than 4 keys"},
  };
  for (const auto& [text, why] : refused) {
    EXPECT_THAT(std::string(SigningKey::FromPem(text).status().message()), HasSubstr(why)) << text;
  }
  EXPECT_EQ(SigningKey::FromPem("a comment\n" + pem + "\n")->size(), 1u);
}

}  // namespace
}  // namespace marginalia
