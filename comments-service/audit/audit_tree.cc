#include "comments-service/audit/audit_tree.h"

#include <algorithm>

#include "comments-service/audit/audit_log.h"
#include "comments-service/audit/tree_store.h"
#include "comments-service/record/damaged_record.h"

namespace marginalia {

AuditTree::AuditTree(Connection& connection, std::string_view org_id)
    : connection_(connection),
      org_id_(org_id),
      tiles_([this](int level, std::int64_t first, std::int64_t count) {
        return ReadTile(level, first, count);
      }) {
  size_ = std::min(ReadAuditHead(connection, org_id).entry_count,
                   ReadWholeTree(connection, org_id).leaf_count + kTreeLeavesUnstoredMax);
}

Digest AuditTree::Root(std::int64_t size) {
  return TreeRoot(size,
                  [this](int level, std::int64_t index) { return tiles_.Subtree(level, index); });
}

std::vector<Digest> AuditTree::Inclusion(std::int64_t index, std::int64_t size) {
  return InclusionProof(index, size,
                        [this](int level, std::int64_t at) { return tiles_.Subtree(level, at); });
}

std::vector<Digest> AuditTree::Consistency(std::int64_t first, std::int64_t second) {
  return ConsistencyProof(first, second, [this](int level, std::int64_t index) {
    return tiles_.Subtree(level, index);
  });
}

std::vector<Digest> AuditTree::ReadTile(int level, std::int64_t first, std::int64_t count) {
  if (level > 0) return ReadNodes(connection_, org_id_, level, first, count);
  return ReadLeafTile(first, count);
}

// Entries are found by position, which the stored node before the tile knows.
std::vector<Digest> AuditTree::ReadLeafTile(std::int64_t first, std::int64_t count) {
  const TreeNode before = ReadNodeBefore(connection_, org_id_, first / kTileNodes);
  const std::int64_t skipped = first - (before.index + 1) * kTileNodes;
  if (skipped > kTreeLeavesUnstoredMax) {
    throw DamagedRecord("the audit log's tree lacks an inner node");
  }
  std::vector<Digest> leaves;
  for (const TreeLeaf& leaf : ReadLeaves(connection_, org_id_, before.position, skipped + count)) {
    const std::int64_t index = leaf.number - 1;
    if (index < first) continue;
    if (index != first + static_cast<std::int64_t>(leaves.size())) {
      throw DamagedRecord("the audit log lacks an entry");
    }
    leaves.push_back(leaf.hash);
  }
  return leaves;
}

}  // namespace marginalia
