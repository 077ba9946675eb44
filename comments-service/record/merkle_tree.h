// The Merkle tree of a tenant's audit log, by RFC 6962, section 2.1: roots, inclusion and
// consistency proofs, and their verification. Pure functions, thread-safe.
//
// A subtree is complete when it has 2^level leaves; it is then named by its level and its index
// among those of its level, from the left, and its hash never changes again. Everything else is
// made of complete subtrees.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_MERKLE_TREE_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_MERKLE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "comments-service/record/digest.h"

namespace marginalia {

// More hashes no proof has: a tree has fewer than 2^63 leaves.
inline constexpr std::size_t kProofHashesMax = 64;

// The hash of a complete subtree; throws what reading it throws.
using SubtreeHash = absl::FunctionRef<Digest(int level, std::int64_t index)>;

// SHA-256(0x01 ‖ left ‖ right).
Digest NodeHash(const Digest& left, const Digest& right);

// The hash of the tree of the first `size` leaves, 0 or more.
Digest TreeRoot(std::int64_t size, SubtreeHash subtree);

// From the leaf's sibling up to a child of the root: PATH(index, D[0:size]). 0 ≤ index < size.
std::vector<Digest> InclusionProof(std::int64_t index, std::int64_t size, SubtreeHash subtree);

// PROOF(first, D[0:second]). 0 ≤ first ≤ second; empty when first is 0 or second.
std::vector<Digest> ConsistencyProof(std::int64_t first, std::int64_t second, SubtreeHash subtree);

// Whether the proof leads from the leaf to the root.
bool ProvesInclusion(const Digest& leaf, std::int64_t index, std::int64_t size,
                     std::span<const Digest> proof, const Digest& root);

// Whether the tree of `second` leaves begins with that of `first`.
bool ProvesConsistency(std::int64_t first, const Digest& first_root, std::int64_t second,
                       const Digest& second_root, std::span<const Digest> proof);

// The tree of leaves that come one after the other, in the memory of one hash a level.
class GrowingTree {
 public:
  // `completed` hears of each subtree of `level` 1 and above that the leaf completes, from the
  // smallest on.
  void Add(const Digest& leaf,
           absl::FunctionRef<void(int level, std::int64_t index, const Digest& hash)> completed);
  void Add(const Digest& leaf);

  std::int64_t size() const { return size_; }
  Digest Root() const;

 private:
  std::int64_t size_ = 0;
  // Of the complete subtrees that the leaves fall into, the largest first.
  std::vector<Digest> subtrees_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_MERKLE_TREE_H_
