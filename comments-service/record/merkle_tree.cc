#include "comments-service/record/merkle_tree.h"

#include <bit>

namespace marginalia {
namespace {

// The largest power of two below `size`, which is at least 2: where RFC 6962 splits a tree.
std::int64_t SplitOf(std::int64_t size) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(size - 1)));
}

int LevelOf(std::int64_t leaves) { return std::countr_zero(static_cast<std::uint64_t>(leaves)); }

// MTH(D[begin:begin + size]), for a begin that is a multiple of every complete subtree in it.
Digest RangeHash(std::int64_t begin, std::int64_t size, SubtreeHash subtree) {
  if (std::has_single_bit(static_cast<std::uint64_t>(size))) {
    return subtree(LevelOf(size), begin / size);
  }
  const std::int64_t split = SplitOf(size);
  return NodeHash(RangeHash(begin, split, subtree),
                  RangeHash(begin + split, size - split, subtree));
}

void AppendPath(std::int64_t index, std::int64_t begin, std::int64_t size, SubtreeHash subtree,
                std::vector<Digest>& path) {
  if (size == 1) return;
  const std::int64_t split = SplitOf(size);
  if (index < split) {
    AppendPath(index, begin, split, subtree, path);
    path.push_back(RangeHash(begin + split, size - split, subtree));
  } else {
    AppendPath(index - split, begin + split, size - split, subtree, path);
    path.push_back(RangeHash(begin, split, subtree));
  }
}

// SUBPROOF(first, D[begin:begin + size], whole).
void AppendSubproof(std::int64_t first, std::int64_t begin, std::int64_t size, bool whole,
                    SubtreeHash subtree, std::vector<Digest>& proof) {
  if (first == size) {
    if (!whole) proof.push_back(RangeHash(begin, size, subtree));
    return;
  }
  const std::int64_t split = SplitOf(size);
  if (first <= split) {
    AppendSubproof(first, begin, split, whole, subtree, proof);
    proof.push_back(RangeHash(begin + split, size - split, subtree));
  } else {
    AppendSubproof(first - split, begin + split, size - split, false, subtree, proof);
    proof.push_back(RangeHash(begin, split, subtree));
  }
}

}  // namespace

Digest NodeHash(const Digest& left, const Digest& right) {
  char bytes[1 + 2 * kDigestBytes];
  bytes[0] = 1;
  BytesOf(left).copy(bytes + 1, kDigestBytes);
  BytesOf(right).copy(bytes + 1 + kDigestBytes, kDigestBytes);
  return Sha256Of({bytes, sizeof bytes});
}

Digest TreeRoot(std::int64_t size, SubtreeHash subtree) {
  return size == 0 ? Sha256Of("") : RangeHash(0, size, subtree);
}

std::vector<Digest> InclusionProof(std::int64_t index, std::int64_t size, SubtreeHash subtree) {
  std::vector<Digest> path;
  AppendPath(index, 0, size, subtree, path);
  return path;
}

std::vector<Digest> ConsistencyProof(std::int64_t first, std::int64_t second, SubtreeHash subtree) {
  std::vector<Digest> proof;
  if (first > 0) AppendSubproof(first, 0, second, true, subtree, proof);
  return proof;
}

// As RFC 9162, section 2.1.3.2 spells it out.
bool ProvesInclusion(const Digest& leaf, std::int64_t index, std::int64_t size,
                     std::span<const Digest> proof, const Digest& root) {
  if (index < 0 || index >= size) return false;
  std::int64_t node = index;
  std::int64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if (node % 2 == 1 || node == last) {
      hash = NodeHash(sibling, hash);
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    node /= 2;
    last /= 2;
  }
  return last == 0 && hash == root;
}

// As RFC 9162, section 2.1.4.2 spells it out.
bool ProvesConsistency(std::int64_t first, const Digest& first_root, std::int64_t second,
                       const Digest& second_root, std::span<const Digest> proof) {
  if (first < 0 || first > second) return false;
  if (first == second) return proof.empty() && first_root == second_root;
  if (first == 0) return proof.empty() && first_root == Sha256Of("");
  // A tree that is complete is the proof's own first hash.
  const bool complete = std::has_single_bit(static_cast<std::uint64_t>(first));
  if (!complete && proof.empty()) return false;
  std::int64_t node = first - 1;
  std::int64_t last = second - 1;
  while (node % 2 == 1) {
    node /= 2;
    last /= 2;
  }
  Digest first_hash = complete ? first_root : proof.front();
  Digest second_hash = first_hash;
  for (const Digest& sibling : complete ? proof : proof.subspan(1)) {
    if (last == 0) return false;
    if (node % 2 == 1 || node == last) {
      first_hash = NodeHash(sibling, first_hash);
      second_hash = NodeHash(sibling, second_hash);
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      second_hash = NodeHash(second_hash, sibling);
    }
    node /= 2;
    last /= 2;
  }
  return last == 0 && first_hash == first_root && second_hash == second_root;
}

void GrowingTree::Add(
    const Digest& leaf,
    absl::FunctionRef<void(int level, std::int64_t index, const Digest& hash)> completed) {
  Digest hash = leaf;
  // Each subtree of the same size on the left makes one of twice the size.
  for (int level = 0; (size_ >> level) % 2 == 1; ++level) {
    hash = NodeHash(subtrees_.back(), hash);
    subtrees_.pop_back();
    completed(level + 1, size_ >> (level + 1), hash);
  }
  subtrees_.push_back(hash);
  ++size_;
}

void GrowingTree::Add(const Digest& leaf) {
  Add(leaf, [](int, std::int64_t, const Digest&) {});
}

Digest GrowingTree::Root() const {
  if (subtrees_.empty()) return Sha256Of("");
  Digest hash = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i > 0; --i) hash = NodeHash(subtrees_[i - 1], hash);
  return hash;
}

}  // namespace marginalia
