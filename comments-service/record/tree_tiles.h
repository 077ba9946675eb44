// The tree as it is stored: the leaves, and above each 256 nodes one more, on the levels 8, 16, 24
// and so on. What lies between is computed from a tile: 256 nodes of one level, side by side.
// Used by one thread, for one proof or root.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_TREE_TILES_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_TREE_TILES_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "comments-service/record/digest.h"

namespace marginalia {

inline constexpr int kTileLevels = 8;
inline constexpr std::int64_t kTileNodes = std::int64_t{1} << kTileLevels;

class TreeTiles {
 public:
  // Reads what is stored of `count` nodes of `level` (a multiple of kTileLevels; 0: leaves) from
  // `first` on, in order; fewer at the tree's end. Throws what reading throws.
  using Read =
      absl::AnyInvocable<std::vector<Digest>(int level, std::int64_t first, std::int64_t count)>;

  explicit TreeTiles(Read read) : read_(std::move(read)) {}

  // The hash of a complete subtree; see merkle_tree.h. Reads each tile once. An inner node that is
  // not stored yet is computed from those below it. Throws DamagedRecord when a leaf that it needs
  // is not there.
  Digest Subtree(int level, std::int64_t index);

 private:
  // A node of a stored level.
  Digest Node(int level, std::int64_t index);
  const std::vector<Digest>& Tile(int level, std::int64_t index);

  Read read_;
  std::map<std::pair<int, std::int64_t>, std::vector<Digest>> tiles_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_TREE_TILES_H_
