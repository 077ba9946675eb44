#include "comments-service/verification/tree_check.h"

#include <limits>
#include <optional>

#include "comments-service/record/tree_tiles.h"

namespace marginalia {

// Every 256 nodes have one above them; there are no others. Whether each of them is there Follow
// finds out, so only the places before, between and behind them are looked at.
bool TreeCheck::Begin(Connection& connection, const std::string& org_id) {
  stored_ = ReadStoredTree(connection, org_id);
  if (!EndsAtItsLastNode(connection, org_id, stored_)) return false;
  NodePlace from{.level = std::numeric_limits<std::int64_t>::min(),
                 .index = std::numeric_limits<std::int64_t>::min()};
  std::optional<NodePlace> expected;
  std::int64_t nodes = stored_.leaf_count;
  for (std::int64_t level = kTileLevels;; level += kTileLevels) {
    nodes /= kTileNodes;
    expected = nodes > 0 ? std::optional(NodePlace{.level = level, .index = 0}) : std::nullopt;
    if (FindNodeFrom(connection, org_id, from) != expected) return false;
    if (!expected.has_value()) return true;
    from = {.level = level, .index = nodes};
  }
}

bool TreeCheck::Follow(Connection& connection, const std::string& org_id, const Digest& leaf,
                       std::int64_t position) {
  bool fits = true;
  tree_.Add(leaf, [&](int level, std::int64_t index, const Digest& hash) {
    if (!IsStored(level, index)) return;
    const std::optional<TreeNode> node = FindNode(connection, org_id, level, index);
    if (!node.has_value() || node->hash != hash || node->position != position) fits = false;
  });
  if (tree_.size() == stored_.leaf_count) ends_ = position == stored_.position;
  return fits;
}

bool TreeCheck::IsStored(int level, std::int64_t index) const {
  return level % kTileLevels == 0 && (index + 1) << level <= stored_.leaf_count;
}

}  // namespace marginalia
