#include "comments-service/record/tree_tiles.h"

#include "comments-service/record/damaged_record.h"
#include "comments-service/record/merkle_tree.h"

namespace marginalia {

Digest TreeTiles::Subtree(int level, std::int64_t index) {
  const int stored = level / kTileLevels * kTileLevels;
  // Of the stored level, the nodes that the subtree spans.
  const std::int64_t count = std::int64_t{1} << (level - stored);
  GrowingTree subtree;
  for (std::int64_t i = 0; i < count; ++i) subtree.Add(Node(stored, index * count + i));
  return subtree.Root();
}

Digest TreeTiles::Node(int level, std::int64_t index) {
  const std::vector<Digest>& tile = Tile(level, index / kTileNodes);
  const auto place = static_cast<std::size_t>(index % kTileNodes);
  if (place < tile.size()) return tile[place];
  if (level == 0) throw DamagedRecord("the audit log's tree lacks a leaf");
  GrowingTree below;
  for (std::int64_t i = 0; i < kTileNodes; ++i) {
    below.Add(Node(level - kTileLevels, index * kTileNodes + i));
  }
  return below.Root();
}

const std::vector<Digest>& TreeTiles::Tile(int level, std::int64_t index) {
  auto tile = tiles_.find({level, index});
  if (tile == tiles_.end()) {
    tile =
        tiles_.emplace(std::pair(level, index), read_(level, index * kTileNodes, kTileNodes)).first;
  }
  return tile->second;
}

}  // namespace marginalia
