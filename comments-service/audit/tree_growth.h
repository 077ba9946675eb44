// What a tenant's stored tree lacks next, as one snapshot of the database has it: which inner nodes
// its leaves complete. Reads and writes nothing else.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_GROWTH_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_GROWTH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "comments-service/audit/tree_store.h"

namespace marginalia {

// Leaves that one step takes in: a multiple of 256.
inline constexpr std::int64_t kTreeStepLeaves = 4096;

// What a step adds to a tree.
struct TreeGrowth {
  StoredTree before;
  StoredTree after;
  std::vector<TreeNode> nodes;
  // Of the log, whose entries are the leaves.
  std::int64_t entry_count = 0;
};

// The next kTreeStepLeaves leaves, or as many as there are. Throws what SOCI throws, and
// DamagedRecord when the tree cannot grow: then it never will by itself.
TreeGrowth NextGrowth(Connection& connection, const std::string& org_id);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_GROWTH_H_
