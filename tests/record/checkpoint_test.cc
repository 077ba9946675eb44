#include "comments-service/record/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "comments-service/record/merkle_tree.h"
#include "tests/record/by_the_book.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

// The example of C2SP's tlog-checkpoint.
constexpr char kExample[] =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

Digest LeafOf(int number) { return Sha256Of(std::string(1, '\0') + std::to_string(number)); }

struct SmallLog {
  explicit SmallLog(int size) {
    for (int i = 0; i < size; ++i) tree.Add(LeafOf(i));
  }
  // Of few leaves, the long way.
  Digest Subtree(int level, std::int64_t index) const {
    GrowingTree part;
    for (int i = 0; i < 1 << level; ++i) part.Add(LeafOf(static_cast<int>(index << level) + i));
    return part.Root();
  }
  GrowingTree tree;
};

TEST(CheckpointTest, TheExampleOfTheSpecificationIsReadAndWrittenAsItIs) {
  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(kExample);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20852163);
  EXPECT_EQ(CheckpointText(*checkpoint), kExample);
  // Extension lines are for others.
  EXPECT_EQ(*ParseCheckpoint(std::string(kExample) + "extension\n"), *checkpoint);
}

TEST(CheckpointTest, AnOriginHasNothingThatANoteForbids) {
  EXPECT_EQ(CheckpointOrigin("00ff", "northlight"), "marginalia.dev/00ff/northlight");
  EXPECT_EQ(CheckpointOrigin("00ff", "a b+c/d\n%\u00E9~._-"),
            "marginalia.dev/00ff/a%20b%2Bc%2Fd%0A%25%C3%A9~._-");
  EXPECT_TRUE(IsOriginOf("marginalia.dev/00ff/a%20b", "a b"));
  for (const char* other : {"marginalia.dev/00ff/a%20bc", "marginalia.dev/00ff/x/a%20b", "a%20b",
                            "marginalia.dev/a%20b", "example.com/00ff/a%20b", ""}) {
    EXPECT_FALSE(IsOriginOf(other, "a b")) << other;
  }
  // Two tenants never have one origin.
  EXPECT_NE(CheckpointOrigin("1", "a%20b"), CheckpointOrigin("1", "a b"));
}

TEST(CheckpointTest, AnotherVerifierOpensTheCheckpointAndTheProof) {
  const SigningKey old_key = SigningKey::Make();
  const SigningKey new_key = SigningKey::Make();
  const SmallLog log(11);
  const Checkpoint checkpoint{
      .origin = CheckpointOrigin("00ff", "north light"), .size = 11, .root = log.tree.Root()};
  const std::string note =
      SignNote(CheckpointText(checkpoint), kCheckpointKeyName, {{old_key, new_key}});
  const auto subtree = [&log](int level, std::int64_t index) { return log.Subtree(level, index); };
  const std::string proof =
      FormatProof({.index = 6, .hashes = InclusionProof(6, 11, subtree), .checkpoint = note});
  json::object document{
      {"keys",
       {old_key.Verifier(kCheckpointKeyName).Text(), new_key.Verifier(kCheckpointKeyName).Text()}},
      {"note", note},
      {"proof", proof},
      {"leaf", HexOf(LeafOf(6))}};
  const BookVerdict verdict = VerifyByTheBook("notes", json::serialize(document));
  EXPECT_EQ(verdict.said, "2 keys\n");
  EXPECT_EQ(verdict.exit_code, 0);
  document["leaf"] = HexOf(LeafOf(7));
  EXPECT_EQ(VerifyByTheBook("notes", json::serialize(document)).said, "the proof's root\n");
  document["keys"] = {SigningKey::Make().Verifier(kCheckpointKeyName).Text()};
  EXPECT_EQ(VerifyByTheBook("notes", json::serialize(document)).said, "no signature of the key\n");

  const absl::StatusOr<InclusionProofText> read = ParseProof(proof);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FormatProof(*read), proof);
  EXPECT_EQ(*OpenCheckpoint(read->checkpoint, {{new_key.Verifier(kCheckpointKeyName)}}),
            checkpoint);
  EXPECT_TRUE(ProvesInclusion(LeafOf(6), read->index, 11, read->hashes, checkpoint.root));
}

TEST(CheckpointTest, WhatIsNoCheckpointIsRefusedWithTheReason) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  const struct {
    std::string text;
    std::string why;
  } refused[] = {
      {"", "fewer than three lines"},
      {"o\n7\n", "fewer than three lines"},
      {"o\n7\n" + root, "fewer than three lines"},
      {"\n7\n" + root + "\n", "origin is empty"},
      {"o\n07\n" + root + "\n", "size"},
      {"o\n-7\n" + root + "\n", "size"},
      {"o\n+7\n" + root + "\n", "size"},
      {"o\n 7\n" + root + "\n", "size"},
      {"o\n99999999999999999999\n" + root + "\n", "size"},
      {"o\n7\n" + root.substr(4) + "\n", "root"},
      {"o\n7\n" + root.substr(0, 43) + "\n", "root"},
      {"o\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "root"},
      {"o\n7\n" + root + "\n\n", "extensions"},
      {"o\n7\n" + root + "\next", "extensions"},
  };
  for (const auto& [text, why] : refused) {
    EXPECT_THAT(std::string(ParseCheckpoint(text).status().message()), HasSubstr(why)) << text;
  }
}

TEST(CheckpointTest, WhatIsNoProofIsRefusedWithTheReason) {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  std::string long_proof = head + "index 0\n";
  for (int i = 0; i < 65; ++i) long_proof += hash;
  const struct {
    std::string text;
    std::string why;
  } refused[] = {
      {"", "does not begin as one"},
      {"c2sp.org/tlog-proof@v2\nindex 1\n", "does not begin as one"},
      {head, "it has no index"},
      {head + hash, "it has no index"},
      {head + "index 01\n", "index is no decimal"},
      {head + "index -1\n", "index is no decimal"},
      {head + "extra !\nindex 1\n", "extra"},
      {head + "index 1\n" + hash.substr(4), "no SHA-256"},
      {head + "index 1\n" + hash.substr(0, 44), "no end"},
      {head + "index 1\n\n", "no checkpoint"},
      {long_proof, "more than 64 hashes"},
  };
  for (const auto& [text, why] : refused) {
    EXPECT_THAT(std::string(ParseProof(text).status().message()), HasSubstr(why)) << text;
  }
  const absl::StatusOr<InclusionProofText> read = ParseProof(head + "extra AAAA\nindex 0\n" + hash);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->hashes.size(), 1u);
  EXPECT_EQ(read->checkpoint, "");
}

}  // namespace
}  // namespace marginalia
