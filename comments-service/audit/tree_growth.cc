#include "comments-service/audit/tree_growth.h"

#include <algorithm>

#include "comments-service/audit/audit_log.h"
#include "comments-service/record/damaged_record.h"
#include "comments-service/record/merkle_tree.h"
#include "comments-service/record/tree_tiles.h"

namespace marginalia {
namespace {

void AddNode(Connection& connection, const std::string& org_id, const TreeNode& node,
             TreeGrowth& growth) {
  // Storing it would fail, each time anew.
  if (FindNode(connection, org_id, node.level, node.index).has_value()) {
    throw DamagedRecord("the audit log's tree has a node behind its end");
  }
  growth.nodes.push_back(node);
}

// The inner nodes above a level-8 node that it completes.
void AddParents(Connection& connection, const std::string& org_id, TreeGrowth& growth) {
  for (int level = kTileLevels; (growth.nodes.back().index + 1) % kTileNodes == 0;
       level += kTileLevels) {
    const TreeNode last = growth.nodes.back();
    const std::int64_t first = last.index + 1 - kTileNodes;
    GrowingTree tree;
    for (const Digest& hash : ReadNodes(connection, org_id, level, first, kTileNodes)) {
      tree.Add(hash);
    }
    // The newest ones are not stored yet.
    for (const TreeNode& node : growth.nodes) {
      if (node.level == level && node.index == first + tree.size()) tree.Add(node.hash);
    }
    if (tree.size() != kTileNodes) throw DamagedRecord("the audit log's tree lacks a node");
    AddNode(connection, org_id,
            {.level = level + kTileLevels,
             .index = last.index / kTileNodes,
             .hash = tree.Root(),
             .position = last.position},
            growth);
  }
}

}  // namespace

TreeGrowth NextGrowth(Connection& connection, const std::string& org_id) {
  TreeGrowth growth;
  growth.entry_count = ReadAuditHead(connection, org_id).entry_count;
  growth.before = growth.after = ReadWholeTree(connection, org_id);
  const std::int64_t missing = growth.entry_count - growth.before.leaf_count;
  if (missing < kTileNodes) return growth;
  const std::vector<TreeLeaf> leaves =
      ReadLeaves(connection, org_id, growth.before.position, kTreeStepLeaves);
  if (static_cast<std::int64_t>(leaves.size()) < std::min(missing, kTreeStepLeaves)) {
    throw DamagedRecord("the audit log ends before its end");
  }
  GrowingTree tile;
  for (const TreeLeaf& leaf : leaves) {
    if (leaf.number != growth.after.leaf_count + tile.size() + 1) {
      throw DamagedRecord("the audit log lacks an entry");
    }
    tile.Add(leaf.hash);
    if (tile.size() < kTileNodes) continue;
    AddNode(connection, org_id,
            {.level = kTileLevels,
             .index = growth.after.leaf_count / kTileNodes,
             .hash = tile.Root(),
             .position = leaf.position},
            growth);
    AddParents(connection, org_id, growth);
    growth.after = {.leaf_count = growth.after.leaf_count + kTileNodes, .position = leaf.position};
    tile = GrowingTree();
  }
  return growth;
}

}  // namespace marginalia
