// Holds the stored nodes of a tenant's Merkle tree against the one that its entries make. Used by
// one thread at a time; what reads throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_TREE_CHECK_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_TREE_CHECK_H_

#include <cstdint>
#include <string>

#include "comments-service/audit/tree_store.h"
#include "comments-service/record/merkle_tree.h"

namespace marginalia {

class TreeCheck {
 public:
  // First, once. False: the tree ends elsewhere than its nodes, there are nodes where so large a
  // tree has none, or one is missing behind the others.
  bool Begin(Connection& connection, const std::string& org_id);

  // Each entry's leaf in order, with its position. False: a node that the leaf completes is not the
  // one that is stored.
  bool Follow(Connection& connection, const std::string& org_id, const Digest& leaf,
              std::int64_t position);

  // Whether the stored tree says of its last entry what the entries said, as far as they have come.
  bool EndsWithEntries() const { return stored_.leaf_count == 0 || ends_; }

 private:
  bool IsStored(int level, std::int64_t index) const;

  StoredTree stored_;
  GrowingTree tree_;
  bool ends_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_TREE_CHECK_H_
