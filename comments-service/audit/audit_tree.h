// A tenant's Merkle tree as one snapshot of the database has it: its size, its root, and the proofs
// that it can give. Made and used inside one read.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_TREE_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_TREE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/record/merkle_tree.h"
#include "comments-service/record/tree_tiles.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Leaves beyond the stored inner nodes that a proof reads one by one. While more are waiting, the
// tree ends where these end: both bounds only rise, so a tree never shrinks.
inline constexpr std::int64_t kTreeLeavesUnstoredMax = 4096;

class AuditTree {
 public:
  // Reads how long the log is and how far its inner nodes are stored. Throws what SOCI throws, and
  // DamagedRecord when that is no place to go on from.
  AuditTree(Connection& connection, std::string_view org_id);

  // Leaves that the tree has now: all entries, or those that the stored nodes reach.
  std::int64_t size() const { return size_; }

  // Of the first `size` leaves; size ≤ size(). Each throws what SOCI throws, and
  // DamagedRecord when a leaf is not there or damaged.
  Digest Root(std::int64_t size);
  Digest Leaf(std::int64_t index) { return tiles_.Subtree(0, index); }
  std::vector<Digest> Inclusion(std::int64_t index, std::int64_t size);
  std::vector<Digest> Consistency(std::int64_t first, std::int64_t second);

 private:
  std::vector<Digest> ReadTile(int level, std::int64_t first, std::int64_t count);
  std::vector<Digest> ReadLeafTile(std::int64_t first, std::int64_t count);

  Connection& connection_;
  const std::string org_id_;
  std::int64_t size_ = 0;
  TreeTiles tiles_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_TREE_H_
