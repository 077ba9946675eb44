// The Merkle trees of the tenants' audit logs as rows: the leaves are the entries themselves, and
// of each 256 nodes one inner node is stored. Each function runs prepared statements on the
// connection that it is given and throws what SOCI throws, and DamagedRecord where a hash is none.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/record/digest.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// How far the stored inner nodes go; all zero while there is none.
struct StoredTree {
  // A multiple of 256.
  std::int64_t leaf_count = 0;
  // Of the last of these leaves' entries in the event log.
  std::int64_t position = 0;

  friend bool operator==(const StoredTree&, const StoredTree&) = default;
};

struct TreeLeaf {
  std::int64_t number = 0;
  std::int64_t position = 0;
  Digest hash{};
};

// A node of a level that is a multiple of 8.
struct TreeNode {
  int level = 0;
  std::int64_t index = 0;
  Digest hash{};
  // Of the last entry below it.
  std::int64_t position = 0;
};

StoredTree ReadStoredTree(Connection& connection, std::string_view org_id);
// Whether the tree ends where its last node does: grown from elsewhere it would contradict itself.
bool EndsAtItsLastNode(Connection& connection, std::string_view org_id, const StoredTree& tree);
// Throws DamagedRecord when it does not.
StoredTree ReadWholeTree(Connection& connection, std::string_view org_id);

// Up to `limit` leaves after the entry at `position`, in order.
std::vector<TreeLeaf> ReadLeaves(Connection& connection, std::string_view org_id,
                                 std::int64_t position, std::int64_t limit);

// Up to `count` nodes of `level` from `first` on, in order.
std::vector<Digest> ReadNodes(Connection& connection, std::string_view org_id, int level,
                              std::int64_t first, std::int64_t count);

std::optional<TreeNode> FindNode(Connection& connection, std::string_view org_id, int level,
                                 std::int64_t index);

// Where a node stands.
struct NodePlace {
  std::int64_t level = 0;
  std::int64_t index = 0;

  friend bool operator==(const NodePlace&, const NodePlace&) = default;
};

// The first node from `place` on, by level and then by index, whatever they are.
std::optional<NodePlace> FindNodeFrom(Connection& connection, std::string_view org_id,
                                      const NodePlace& place);

// The last node of level 8 before `index`; of index -1 when there is none.
TreeNode ReadNodeBefore(Connection& connection, std::string_view org_id, std::int64_t index);

// On the writer thread.
void StoreNodes(Connection& connection, std::string_view org_id, const std::vector<TreeNode>& nodes,
                const StoredTree& tree);

// A tenant and how long its log is.
struct LogLength {
  std::string org_id;
  std::int64_t entry_count = 0;
};

// Of all tenants: up to `limit` in order after `org_id`.
std::vector<LogLength> ReadLogLengths(Connection& connection, std::string_view org_id,
                                      std::int64_t limit);

// Of all tenants: those whose stored tree lacks at least 256 leaves, up to `limit` in order after
// `org_id`.
std::vector<std::string> ReadTenantsBehind(Connection& connection, std::string_view org_id,
                                           std::int64_t limit);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_TREE_STORE_H_
