#include "comments-service/audit/checkpoints.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_store.h"
#include "comments-service/audit/audit_tree.h"
#include "comments-service/audit/tree_store.h"
#include "comments-service/record/merkle_tree.h"
#include "services/process/log.h"
#include "tests/comments_service/checkpoints_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using testing::HasSubstr;

std::vector<Digest> HashesOf(const google::protobuf::RepeatedPtrField<std::string>& hashes) {
  std::vector<Digest> digests;
  for (const std::string& hash : hashes) digests.push_back(DigestFromBytes(hash).value());
  return digests;
}

Digest RootOf(const std::vector<Digest>& leaves, std::int64_t size) {
  GrowingTree tree;
  for (std::int64_t i = 0; i < size; ++i) tree.Add(leaves[static_cast<std::size_t>(i)]);
  return tree.Root();
}

class CheckpointsTest : public CheckpointsFixture {
 protected:
  // Recomputed from what the entries say.
  std::vector<Digest> Leaves() {
    std::vector<Digest> leaves;
    const absl::Status read =
        service().database().Read(Tenants::One("org"), [&leaves](Connection& connection) {
          std::string previous;
          std::int64_t position = 0;
          while (true) {
            const auto entries = ReadStoredEntries(connection, "org", position, 1000);
            for (const auto& [entry, salts] : entries) {
              leaves.push_back(EntryLeaf(previous, entry));
              previous = entry.hash;
              position = entry.position;
            }
            if (entries.size() < 1000) return absl::OkStatus();
          }
        });
    EXPECT_TRUE(read.ok()) << read;
    return leaves;
  }
  StoredTree Stored() {
    StoredTree tree;
    const absl::Status read =
        service().database().Read(Tenants::One("org"), [&tree](Connection& connection) {
          tree = ReadStoredTree(connection, "org");
          return absl::OkStatus();
        });
    EXPECT_TRUE(read.ok()) << read;
    return tree;
  }
  void ExpectProven(const std::vector<Digest>& leaves, std::int64_t number, std::int64_t size) {
    const auto proof = Alex().GetInclusionProof(number, size);
    ASSERT_TRUE(proof.ok()) << proof.status();
    const Digest& leaf = leaves[static_cast<std::size_t>(number - 1)];
    const Digest root = RootOf(leaves, size);
    EXPECT_EQ(proof->index(), number - 1);
    EXPECT_EQ(proof->size(), size);
    EXPECT_EQ(proof->leaf_hash(), HexOf(leaf));
    EXPECT_EQ(proof->root_hash(), HexOf(root));
    EXPECT_TRUE(ProvesInclusion(leaf, number - 1, size, HashesOf(proof->hashes()), root))
        << number << " in " << size;
    const absl::StatusOr<InclusionProofText> text = ParseProof(proof->proof());
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(text->hashes, HashesOf(proof->hashes()));
    EXPECT_EQ(text->index, number - 1);
    const absl::StatusOr<Checkpoint> checkpoint =
        OpenCheckpoint(text->checkpoint, {{key_.Verifier(kCheckpointKeyName)}});
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(checkpoint->size, size);
    EXPECT_EQ(checkpoint->root, root);
  }
  void ExpectGrown(const std::vector<Digest>& leaves, std::int64_t first, std::int64_t second) {
    const auto proof = Alex().GetConsistencyProof(first, second);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(ProvesConsistency(first, RootOf(leaves, first), second, RootOf(leaves, second),
                                  HashesOf(proof->hashes())))
        << first << " to " << second;
    EXPECT_EQ(proof->first_root_hash(), HexOf(RootOf(leaves, first)));
    EXPECT_EQ(proof->second_root_hash(), HexOf(RootOf(leaves, second)));
    const absl::StatusOr<Checkpoint> later =
        OpenCheckpoint(proof->second_checkpoint(), {{key_.Verifier(kCheckpointKeyName)}});
    ASSERT_TRUE(later.ok()) << later.status();
    EXPECT_EQ(later->size, second);
    EXPECT_EQ(later->root, RootOf(leaves, second));
  }
};
INSTANTIATE_ON_EVERY_DATABASE(CheckpointsTest);

TEST_P(CheckpointsTest, EachEntryIsProvenInEachTreeAndEachTreeContinuesTheOneBefore) {
  EXPECT_EQ(Newest().size, 0);
  std::vector<Checkpoint> seen;
  for (int i = 0; i < 9; ++i) {
    Post(1);
    seen.push_back(Newest());
    EXPECT_EQ(seen.back().size, i + 1);
  }
  const std::vector<Digest> leaves = Leaves();
  for (std::int64_t size = 1; size <= 9; ++size) {
    EXPECT_EQ(seen[static_cast<std::size_t>(size - 1)].root, RootOf(leaves, size));
    for (std::int64_t number = 1; number <= size; ++number) ExpectProven(leaves, number, size);
    for (std::int64_t first = 0; first <= size; ++first) ExpectGrown(leaves, first, size);
  }
  // Without a size: the newest.
  EXPECT_EQ(Alex().GetInclusionProof(3)->size(), 9);
  EXPECT_EQ(Alex().GetConsistencyProof(3)->second(), 9);
  EXPECT_THAT(seen.front().origin, testing::MatchesRegex("marginalia.dev/[0-9a-f]+/org"));
}

TEST_P(CheckpointsTest, TheTreeIsStoredBehindTheLogAndProvesTheSame) {
  Import(300);
  Import(500);
  Post(3);
  EXPECT_EQ(Newest().size, 803);
  ASSERT_TRUE(Await([this] { return Stored().leaf_count == 768; }));
  Post(1);
  const std::vector<Digest> leaves = Leaves();
  EXPECT_EQ(Newest().root, RootOf(leaves, 804));
  for (const std::int64_t number : {1, 255, 256, 257, 512, 513, 768, 769, 804}) {
    ExpectProven(leaves, number, 804);
    ExpectGrown(leaves, number, 804);
  }
  ExpectProven(leaves, 200, 400);
  ExpectGrown(leaves, 255, 512);
}

TEST_P(CheckpointsTest, ARestartSignsNothingThatContradictsAndANewLogIsAnotherOrigin) {
  Post(5);
  const Checkpoint before = Newest();
  StartAnew();
  EXPECT_EQ(Newest(), before);
  Post(2);
  const Checkpoint after = Newest();
  EXPECT_EQ(after.origin, before.origin);
  const auto grown = Alex().GetConsistencyProof(before.size, after.size);
  ASSERT_TRUE(grown.ok()) << grown.status();
  EXPECT_TRUE(ProvesConsistency(before.size, before.root, after.size, after.root,
                                HashesOf(grown->hashes())));
  StartAnew(true);
  EXPECT_NE(Newest().origin, before.origin);
  EXPECT_EQ(Newest().root, after.root);
}

TEST_P(CheckpointsTest, WhatIsNotInTheTreeIsRefused) {
  Post(3);
  EXPECT_EQ(Field(Alex().GetInclusionProof(0)), "number");
  EXPECT_EQ(Field(Alex().GetInclusionProof(-1)), "number");
  EXPECT_EQ(Field(Alex().GetInclusionProof(1, -1)), "size");
  EXPECT_EQ(Field(Alex().GetInclusionProof(3, 2)), "number");
  EXPECT_EQ(Field(Alex().GetConsistencyProof(-1, 2)), "first");
  EXPECT_EQ(Field(Alex().GetConsistencyProof(1, -2)), "second");
  EXPECT_EQ(Field(Alex().GetConsistencyProof(3, 2)), "first");
  for (const absl::Status& status :
       {Alex().GetInclusionProof(4).status(), Alex().GetInclusionProof(1, 4).status(),
        Alex().GetInclusionProof(INT64_MAX, INT64_MAX).status(),
        Alex().GetConsistencyProof(1, 4).status(), Alex().GetConsistencyProof(4).status(),
        Alex().GetConsistencyProof(INT64_MAX, INT64_MAX).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(ReasonOf(status), "TREE_TOO_SMALL");
    EXPECT_EQ(ErrorMetadataOf(status, "size"), "3");
  }
  EXPECT_EQ(Reason(service().As("org", "dana").GetCheckpoint()), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().As("org", "dana").GetInclusionProof(1)), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().AsService().GetCheckpoint()), "ORG_REQUIRED");
  EXPECT_TRUE(service().AsService("org").GetCheckpoint().ok());
  // Another tenant's log is another tree.
  EXPECT_EQ(service().As("rival", "mallory", "admin").GetCheckpoint()->size(), 2);
  EXPECT_EQ(Reason(service().As("rival", "mallory", "admin").GetInclusionProof(3)),
            "TREE_TOO_SMALL");
  EXPECT_EQ(service().As("nobody's", "x", "admin").GetCheckpoint()->size(), 0);
}

// Entries from before there were trees, more than are read one by one, and three levels of nodes.
TEST_P(CheckpointsTest, OldEntriesAreTakenInBehindTheCallsAndTheTreeNeverShrinks) {
  constexpr int kOld = 70'000;
  Post(1);
  const bool postgres = GetParam() == DatabaseKind::kPostgres;
  service().Tamper([&](soci::session& session) {
    session << absl::StrCat(
        postgres ? "" : "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ",
        postgres ? "" : absl::StrCat(kOld, ") "),
        "INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action, invoice_id,"
        " comment_id, request_id, create_time, hash, number, format) SELECT 'old', i, 'a', 'A',"
        " 'comment.added', 'i', 'c', 'r', i, ",
        postgres ? "lpad(to_hex(i), 64, '0')" : "printf('%064x', i)", ", i, 2 FROM ",
        postgres ? absl::StrCat("generate_series(1, ", kOld, ") AS n(i)") : "n");
    session << "INSERT INTO audit_heads (org_id, entry_count, position, hash)"
               " VALUES ('old', 70000, 70000, 'x')";
  });
  const Client old = service().As("old", "alex", "admin");
  std::int64_t last = 0;
  std::set<std::int64_t> sizes;
  ASSERT_TRUE(Await([&] {
    const auto checkpoint = old.GetCheckpoint();
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_GE(checkpoint->size(), last);
    last = checkpoint->size();
    sizes.insert(last);
    return last == kOld;
  }));
  std::vector<Digest> leaves;
  for (int i = 1; i <= kOld; ++i) {
    leaves.push_back(
        *DigestFromHex(absl::StrCat(std::string(56, '0'), absl::Hex(i, absl::kZeroPad8))));
  }
  EXPECT_EQ(old.GetCheckpoint()->root_hash(), HexOf(RootOf(leaves, kOld)));
  const auto proof = old.GetInclusionProof(65'537);
  EXPECT_TRUE(ProvesInclusion(leaves[65'536], 65'536, kOld, HashesOf(proof->hashes()),
                              RootOf(leaves, kOld)));
  const auto grown = old.GetConsistencyProof(4097, 66'000);
  EXPECT_TRUE(ProvesConsistency(4097, RootOf(leaves, 4097), 66'000, RootOf(leaves, 66'000),
                                HashesOf(grown->hashes())));
}

TEST_P(CheckpointsTest, OfADamagedRecordNothingIsProvenAndTheLogIsToldOnce) {
  Post(3);
  service().Tamper([](soci::session& session) {
    session << "UPDATE audit_entries SET hash = 'damaged' WHERE org_id = 'org' AND number = 2";
  });
  FlushLog();
  testing::internal::CaptureStderr();
  for (const absl::Status& status :
       {Alex().GetCheckpoint().status(), Alex().GetInclusionProof(1).status(),
        Alex().GetConsistencyProof(1).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_EQ(ReasonOf(status), "RECORD_DAMAGED");
  }
  FlushLog();
  const std::string logged = testing::internal::GetCapturedStderr();
  const std::string said = "a hash of the audit log is damaged";
  ASSERT_THAT(logged, HasSubstr(said));
  EXPECT_EQ(logged.find(said, logged.find(said) + 1), std::string::npos) << logged;
  EXPECT_TRUE(service().As("rival", "mallory", "admin").GetCheckpoint().ok());
}

TEST_P(CheckpointsTest, ATreeWhoseEndIsLostIsToldOfAndNotStoredAnew) {
  Import(300);
  ASSERT_TRUE(Await([this] { return Stored().leaf_count == 256; }));
  FlushLog();
  testing::internal::CaptureStderr();
  service().Tamper(
      [](soci::session& session) { session << "DELETE FROM audit_trees WHERE org_id = 'org'"; });
  // Whose turn comes behind it in each round.
  std::int64_t nodes = service().CountRows("audit_tree_nodes");
  for (int i = 0; i < 3; ++i) {
    Import(300, "rival");
    EXPECT_TRUE(Await([&] { return service().CountRows("audit_tree_nodes") > nodes; }));
    nodes = service().CountRows("audit_tree_nodes");
  }
  FlushLog();
  const std::string logged = testing::internal::GetCapturedStderr();
  const std::string said = "the audit log's tree has a node behind its end";
  ASSERT_THAT(logged, HasSubstr(said));
  EXPECT_EQ(logged.find(said, logged.find(said) + 1), std::string::npos) << logged;
  EXPECT_THAT(logged, testing::Not(HasSubstr("database error")));
  EXPECT_EQ(Stored().leaf_count, 0);
}

// What grew from there would be a tree that contradicts what was signed before.
TEST_P(CheckpointsTest, ATreeThatEndsWhereItHasNoNodeIsFoundAndNothingIsSignedOfIt) {
  const auto tamper = [this](const std::string& statement) {
    service().Tamper([&](soci::session& session) { session << statement; });
  };
  const std::string said = "the audit log's tree ends where it has no node";
  const LoggedToFile log;
  Import(3);
  tamper("INSERT INTO audit_trees (org_id, leaf_count, position) VALUES ('org', 0, 2)");
  EXPECT_FALSE(Alex().Verify()->intact());
  tamper("DELETE FROM audit_trees WHERE org_id = 'org'");
  Import(297);
  ASSERT_TRUE(Await([this] { return Stored().leaf_count == 256; }));
  ASSERT_TRUE(Alex().Verify()->intact());
  const Checkpoint before = Newest();
  const std::string kept =
      absl::StrCat("UPDATE audit_trees SET leaf_count = 256, position = ", Stored().position,
                   " WHERE org_id = 'org'");
  for (const int leaf_count : {261, 255, -256, 512}) {
    tamper(absl::StrCat("UPDATE audit_trees SET leaf_count = ", leaf_count,
                        ", position = coalesce((SELECT position FROM audit_entries"
                        " WHERE org_id = 'org' AND number = ",
                        leaf_count, "), position) WHERE org_id = 'org'"));
    EXPECT_FALSE(Alex().Verify()->intact()) << leaf_count;
    EXPECT_EQ(Reason(Alex().GetCheckpoint()), "RECORD_DAMAGED") << leaf_count;
    tamper(kept);
  }
  tamper(
      "UPDATE audit_trees SET leaf_count = 261, position = (SELECT position FROM audit_entries"
      " WHERE org_id = 'org' AND number = 261) WHERE org_id = 'org'");
  Import(300);
  // Whose turn comes behind it in each round.
  for (int i = 0; i < 2; ++i) {
    const std::int64_t nodes = service().CountRows("audit_tree_nodes");
    Import(300, "rival");
    EXPECT_TRUE(Await([&] { return service().CountRows("audit_tree_nodes") > nodes; }));
  }
  EXPECT_EQ(Stored().leaf_count, 261);
  EXPECT_EQ(Reason(Alex().GetCheckpoint()), "RECORD_DAMAGED");
  FlushLog();
  EXPECT_GE(log.Count(said), 1U);
  tamper(kept);
  ASSERT_TRUE(Await([this] { return Stored().leaf_count == 512; }));
  EXPECT_TRUE(Alex().Verify()->intact());
  const Checkpoint after = Newest();
  const auto grown = Alex().GetConsistencyProof(before.size, after.size);
  EXPECT_TRUE(ProvesConsistency(before.size, before.root, after.size, after.root,
                                HashesOf(grown->hashes())));
}

TEST_P(CheckpointsTest, TwoServicesOnOneDatabaseStoreOneTree) {
  if (GetParam() != DatabaseKind::kPostgres) return;
  ServiceOptions options;
  options.database_url = url_;
  options.checkpoint_key_path = KeyPath();
  ServiceUnderTest second(options);
  std::thread beside([&second] {
    for (int i = 0; i < 300; ++i) second.As("org", "priya").Post("INV-2", "beside");
  });
  for (int i = 0; i < 300; ++i) service().As("org", "dana").Post("INV-1", "here");
  beside.join();
  ASSERT_TRUE(Await([this] { return Stored().leaf_count == 512; }));
  const std::vector<Digest> leaves = Leaves();
  ASSERT_EQ(leaves.size(), 600u);
  EXPECT_EQ(Newest().root, RootOf(leaves, 600));
  EXPECT_EQ(second.As("org", "alex", "admin").GetCheckpoint()->root_hash(),
            HexOf(RootOf(leaves, 600)));
}

}  // namespace
}  // namespace marginalia
