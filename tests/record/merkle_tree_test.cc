#include "comments-service/record/merkle_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "comments-service/record/tree_tiles.h"
#include "tests/record/by_the_book.h"

namespace marginalia {
namespace {

namespace json = boost::json;

Digest LeafOf(std::int64_t number) {
  return Sha256Of(std::string(1, '\0') + std::to_string(number));
}

// A log as the service stores it: leaves, and the inner nodes of each 256.
class StoredTree {
 public:
  void GrowTo(std::int64_t size) {
    while (tree_.size() < size) {
      const Digest leaf = LeafOf(tree_.size());
      levels_[0].push_back(leaf);
      tree_.Add(leaf, [this](int level, std::int64_t index, const Digest& hash) {
        if (level % kTileLevels != 0) return;
        EXPECT_EQ(static_cast<std::size_t>(index), levels_[level].size());
        levels_[level].push_back(hash);
      });
    }
  }
  // As if the inner nodes of the newest leaves were not stored yet.
  void ForgetNodes() {
    for (auto& [level, nodes] : levels_) {
      if (level > 0) nodes.resize(nodes.size() / 2);
    }
  }
  Digest root() const { return tree_.Root(); }

  TreeTiles Tiles() {
    return TreeTiles([this](int level, std::int64_t first, std::int64_t count) {
      ++tiles_read;
      const std::vector<Digest>& nodes = levels_[level];
      const auto end = std::min<std::int64_t>(first + count, nodes.size());
      return first < end ? std::vector<Digest>(nodes.begin() + first, nodes.begin() + end)
                         : std::vector<Digest>();
    });
  }

  int tiles_read = 0;

 private:
  GrowingTree tree_;
  std::map<int, std::vector<Digest>> levels_;
};

json::array Texts(const std::vector<Digest>& proof) {
  json::array texts;
  for (const Digest& hash : proof) texts.emplace_back(HexOf(hash));
  return texts;
}

// The tree's proofs, verified here and written down for the other verifier. Proofs for each index
// and smaller size that is a multiple of `step`, and for those at the edges.
json::object Described(StoredTree& stored, std::int64_t size, std::int64_t step,
                       const std::map<std::int64_t, Digest>& roots) {
  TreeTiles tiles = stored.Tiles();
  const auto subtree = [&tiles](int level, std::int64_t index) {
    return tiles.Subtree(level, index);
  };
  const Digest root = TreeRoot(size, subtree);
  json::array inclusion;
  for (std::int64_t i = 0; i < size; i = i + step < size || i == size - 1 ? i + step : size - 1) {
    const std::vector<Digest> proof = InclusionProof(i, size, subtree);
    EXPECT_TRUE(ProvesInclusion(LeafOf(i), i, size, proof, root)) << i << " in " << size;
    inclusion.push_back(json::object{{"index", i}, {"proof", Texts(proof)}});
  }
  json::array consistency;
  for (const auto& [first, first_root] : roots) {
    if (first > size) break;
    const std::vector<Digest> proof = ConsistencyProof(first, size, subtree);
    EXPECT_TRUE(ProvesConsistency(first, first_root, size, root, proof)) << first << ", " << size;
    consistency.push_back(json::object{{"first", first}, {"proof", Texts(proof)}});
  }
  return {{"size", size},
          {"root", HexOf(root)},
          {"inclusion", std::move(inclusion)},
          {"consistency", std::move(consistency)}};
}

std::string Document(json::array trees) {
  return json::serialize(json::object{{"trees", std::move(trees)}});
}

TEST(MerkleTreeTest, EveryTreeOf0To300LeavesIsProvenToAnotherVerifier) {
  StoredTree stored;
  std::map<std::int64_t, Digest> roots;
  json::array trees;
  for (std::int64_t size = 0; size <= 300; ++size) {
    stored.GrowTo(size);
    roots[size] = stored.root();
    trees.push_back(Described(stored, size, 1, roots));
    ASSERT_EQ(trees.back().at("root").as_string(), HexOf(stored.root())) << size;
  }
  const BookVerdict verdict = VerifyByTheBook("trees", Document(std::move(trees)));
  EXPECT_EQ(verdict.exit_code, 0);
  EXPECT_EQ(verdict.said, "301 trees, 90601 proofs\n");
}

TEST(MerkleTreeTest, LargeTreesAreProvenToAnotherVerifierWithAndWithoutTheirNewestNodes) {
  StoredTree stored;
  json::array trees;
  std::map<std::int64_t, Digest> roots;
  for (const std::int64_t size : {4095, 4096, 4097, 65'535, 65'536, 65'537, 200'003}) {
    stored.GrowTo(size);
    roots[size] = stored.root();
    trees.push_back(Described(stored, size, 4999, roots));
  }
  // What the nodes say does not depend on whether they are stored.
  stored.ForgetNodes();
  trees.push_back(Described(stored, 200'003, 49'999, roots));
  EXPECT_EQ(trees.back().at("root").as_string(), HexOf(stored.root()));
  const BookVerdict verdict = VerifyByTheBook("trees", Document(std::move(trees)));
  EXPECT_EQ(verdict.exit_code, 0);
  EXPECT_THAT(verdict.said, testing::StartsWith("8 trees, "));
}

TEST(MerkleTreeTest, TheOtherVerifierRefusesWhatIsNotByTheBook) {
  StoredTree stored;
  std::map<std::int64_t, Digest> roots;
  stored.GrowTo(5);
  roots[5] = stored.root();
  stored.GrowTo(7);
  const json::object right = Described(stored, 7, 1, roots);
  EXPECT_EQ(VerifyByTheBook("trees", Document({right})).exit_code, 0);
  json::object wrong = right;
  wrong["root"] = HexOf(Sha256Of("another"));
  EXPECT_EQ(VerifyByTheBook("trees", Document({wrong})).said, "root of 7\n");
  wrong = right;
  wrong["inclusion"].as_array()[3].as_object()["proof"].as_array().pop_back();
  EXPECT_EQ(VerifyByTheBook("trees", Document({wrong})).said, "path of 3 in 7\n");
  wrong = right;
  wrong["consistency"].as_array()[0].as_object()["proof"].as_array().pop_back();
  EXPECT_EQ(VerifyByTheBook("trees", Document({wrong})).said, "consistency of 5 and 7\n");
}

// Each hash changed, left out, doubled, and each number moved by one.
TEST(MerkleTreeTest, AProofThatWasTouchedProvesNothing) {
  StoredTree stored;
  stored.GrowTo(57);
  const Digest first_root = stored.root();
  stored.GrowTo(77);
  TreeTiles tiles = stored.Tiles();
  const auto subtree = [&tiles](int level, std::int64_t index) {
    return tiles.Subtree(level, index);
  };
  const Digest root = stored.root();
  const std::vector<Digest> path = InclusionProof(42, 77, subtree);
  ASSERT_TRUE(ProvesInclusion(LeafOf(42), 42, 77, path, root));
  const std::vector<Digest> growth = ConsistencyProof(57, 77, subtree);
  ASSERT_TRUE(ProvesConsistency(57, first_root, 77, root, growth));
  const auto touched = [](std::vector<Digest> proof, std::size_t place, int how) {
    if (how == 0) proof[place][7] ^= 1;
    if (how == 1) proof.erase(proof.begin() + static_cast<std::ptrdiff_t>(place));
    if (how == 2) proof.insert(proof.begin() + static_cast<std::ptrdiff_t>(place), proof[place]);
    return proof;
  };
  for (int how = 0; how < 3; ++how) {
    for (std::size_t i = 0; i < path.size(); ++i) {
      EXPECT_FALSE(ProvesInclusion(LeafOf(42), 42, 77, touched(path, i, how), root));
    }
    for (std::size_t i = 0; i < growth.size(); ++i) {
      EXPECT_FALSE(ProvesConsistency(57, first_root, 77, root, touched(growth, i, how)));
    }
  }
  EXPECT_FALSE(ProvesInclusion(LeafOf(41), 42, 77, path, root));
  EXPECT_FALSE(ProvesInclusion(LeafOf(42), 43, 77, path, root));
  EXPECT_FALSE(ProvesInclusion(LeafOf(42), 42, 42, path, root));
  EXPECT_FALSE(ProvesInclusion(LeafOf(42), -1, 77, path, root));
  EXPECT_FALSE(ProvesInclusion(LeafOf(42), 42, 77, path, first_root));
  EXPECT_FALSE(ProvesConsistency(57, root, 77, root, growth));
  EXPECT_FALSE(ProvesConsistency(57, first_root, 77, first_root, growth));
  EXPECT_FALSE(ProvesConsistency(77, root, 57, first_root, growth));
  EXPECT_FALSE(ProvesConsistency(57, first_root, 57, root, {}));
  EXPECT_FALSE(ProvesConsistency(0, root, 77, root, {}));
  EXPECT_TRUE(ProvesConsistency(0, Sha256Of(""), 77, root, {}));
}

// At most 20 hashes, and for the tiles along both edges a few hundred rows.
TEST(MerkleTreeTest, AProofOfAMillionEntriesReadsFiveTilesAndHasTwentyHashes) {
  StoredTree stored;
  stored.GrowTo(1'000'000);
  stored.tiles_read = 0;
  TreeTiles tiles = stored.Tiles();
  const std::vector<Digest> proof = InclusionProof(
      123'456, 1'000'000,
      [&tiles](int level, std::int64_t index) { return tiles.Subtree(level, index); });
  EXPECT_EQ(proof.size(), 20u);
  EXPECT_LE(stored.tiles_read, 5);
  EXPECT_TRUE(ProvesInclusion(LeafOf(123'456), 123'456, 1'000'000, proof, stored.root()));
}

TEST(MerkleTreeTest, ALeafThatIsNotThereIsNoSilence) {
  StoredTree stored;
  stored.GrowTo(300);
  TreeTiles tiles = stored.Tiles();
  EXPECT_THROW(TreeRoot(301, [&tiles](int level,
                                      std::int64_t index) { return tiles.Subtree(level, index); }),
               std::runtime_error);
}

}  // namespace
}  // namespace marginalia
