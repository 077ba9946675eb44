#include "comments-service/audit/tree_store.h"

#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/audit/audit_store.h"
#include "comments-service/audit/short_entry.h"
#include "comments-service/record/damaged_record.h"
#include "comments-service/record/tree_tiles.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

struct SelectTree {
  explicit SelectTree(Connection& connection)
      : statement(connection, "SELECT leaf_count, position FROM audit_trees WHERE org_id = :org_id",
                  soci::into(tree.leaf_count), soci::into(tree.position)) {}
  StoredTree tree;
  StatementWith<std::string> statement;
};

struct LeafRow {
  std::int64_t number = 0;
  std::int64_t position = 0;
  std::int64_t format = 0;
  std::string hash;
};

struct SelectLeaves {
  explicit SelectLeaves(Connection& connection)
      : statement(connection,
                  absl::StrCat("SELECT a.number, a.position, a.format, ",
                               EntryHashOf(connection.kind(), "a"),
                               " FROM audit_entries a WHERE a.org_id = :org_id"
                               " AND a.position > :position"
                               " ORDER BY a.position LIMIT :limit"),
                  soci::into(row.number), soci::into(row.position), soci::into(row.format),
                  soci::into(row.hash)) {}
  LeafRow row;
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

struct SelectNodes {
  explicit SelectNodes(Connection& connection)
      : statement(connection,
                  "SELECT hash FROM audit_tree_nodes WHERE org_id = :org_id"
                  " AND level = :level AND node_index >= :first AND node_index < :end"
                  " ORDER BY node_index",
                  soci::into(hashes)) {}
  // Together: a proof reads five tiles of 256, and row by row it took a quarter longer.
  std::vector<std::string> hashes{std::vector<std::string>(2)};
  StatementWith<std::string, std::int64_t, std::int64_t, std::int64_t> statement;
};

struct SelectNode {
  explicit SelectNode(Connection& connection)
      : statement(connection,
                  "SELECT hash, position FROM audit_tree_nodes WHERE org_id = :org_id"
                  " AND level = :level AND node_index = :index",
                  soci::into(hash), soci::into(position)) {}
  std::string hash;
  std::int64_t position = 0;
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

struct SelectNodeFrom {
  explicit SelectNodeFrom(Connection& connection)
      : statement(connection,
                  "SELECT level, node_index FROM audit_tree_nodes WHERE org_id = :org_id"
                  " AND (level, node_index) >= (:level, :index)"
                  " ORDER BY level, node_index LIMIT 1",
                  soci::into(found.level), soci::into(found.index)) {}
  NodePlace found;
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

struct SelectNodeBefore {
  explicit SelectNodeBefore(Connection& connection)
      : statement(connection,
                  "SELECT node_index, position FROM audit_tree_nodes"
                  " WHERE org_id = :org_id AND level = 8 AND node_index < :index"
                  " ORDER BY node_index DESC LIMIT 1",
                  soci::into(found), soci::into(position)) {}
  std::int64_t found = 0;
  std::int64_t position = 0;
  StatementWith<std::string, std::int64_t> statement;
};

struct NodeRows {
  explicit NodeRows(Connection& connection)
      : insert(connection,
               "INSERT INTO audit_tree_nodes (org_id, level, node_index, hash, position)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger, RowInsert::kBytes,
                RowInsert::kInteger}) {}
  RowInsert insert;
};

struct TreeRows {
  explicit TreeRows(Connection& connection)
      : insert(connection, "INSERT INTO audit_trees (org_id, leaf_count, position)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger},
               "ON CONFLICT (org_id) DO UPDATE SET leaf_count = excluded.leaf_count,"
               " position = excluded.position") {}
  RowInsert insert;
};

struct SelectLengths {
  explicit SelectLengths(Connection& connection)
      : statement(connection,
                  "SELECT org_id, entry_count FROM audit_heads WHERE org_id > :org_id"
                  " ORDER BY org_id LIMIT :limit",
                  soci::into(row.org_id), soci::into(row.entry_count)) {}
  LogLength row;
  StatementWith<std::string, std::int64_t> statement;
};

struct SelectBehind {
  explicit SelectBehind(Connection& connection)
      : statement(connection,
                  "SELECT h.org_id FROM audit_heads h LEFT JOIN audit_trees t"
                  " ON t.org_id = h.org_id WHERE h.org_id > :org_id"
                  " AND h.entry_count - coalesce(t.leaf_count, 0) >= 256"
                  " ORDER BY h.org_id LIMIT :limit",
                  soci::into(row)) {}
  std::string row;
  StatementWith<std::string, std::int64_t> statement;
};

// The leaves of entries of format 1 are not their hashes: such entries are read whole.
void MakeLeavesOfFormat1(Connection& connection, std::string_view org_id, std::int64_t position,
                         std::size_t count, std::vector<TreeLeaf>& leaves) {
  std::string previous = position == 0 ? "" : ReadAuditMark(connection, org_id, position).hash;
  const std::vector<StoredEntry> entries =
      ReadStoredEntries(connection, org_id, position, static_cast<std::int64_t>(count));
  if (entries.size() < count) throw DamagedRecord("the audit log lacks an entry");
  for (std::size_t i = 0; i < count; ++i) {
    leaves[i].hash = EntryLeaf(previous, entries[i].entry);
    previous = entries[i].entry.hash;
  }
}

Digest DigestOrThrow(const std::optional<Digest>& digest) {
  if (!digest.has_value()) throw DamagedRecord("a hash of the audit log is damaged");
  return *digest;
}

}  // namespace

StoredTree ReadStoredTree(Connection& connection, std::string_view org_id) {
  auto& select = connection.Prepared<SelectTree>();
  return select.statement.Run(org_id) ? select.tree : StoredTree{};
}

bool EndsAtItsLastNode(Connection& connection, std::string_view org_id, const StoredTree& tree) {
  const std::int64_t nodes = tree.leaf_count / kTileNodes;
  const TreeNode last = ReadNodeBefore(connection, org_id, nodes);
  return tree.leaf_count % kTileNodes == 0 && last.index == nodes - 1 &&
         last.position == tree.position;
}

StoredTree ReadWholeTree(Connection& connection, std::string_view org_id) {
  const StoredTree tree = ReadStoredTree(connection, org_id);
  if (!EndsAtItsLastNode(connection, org_id, tree)) {
    throw DamagedRecord("the audit log's tree ends where it has no node");
  }
  return tree;
}

std::vector<TreeLeaf> ReadLeaves(Connection& connection, std::string_view org_id,
                                 std::int64_t position, std::int64_t limit) {
  const std::vector<LeafRow> rows =
      RowsOf<LeafRow>(connection.Prepared<SelectLeaves>(), org_id, position, limit);
  std::vector<TreeLeaf> leaves(rows.size());
  // Old entries come first.
  std::size_t of_format_1 = 0;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    leaves[i] = {.number = rows[i].number, .position = rows[i].position, .hash = {}};
    if (rows[i].format == 1) {
      of_format_1 = i + 1;
    } else {
      leaves[i].hash = DigestOrThrow(DigestFromHex(rows[i].hash));
    }
  }
  if (of_format_1 > 0) MakeLeavesOfFormat1(connection, org_id, position, of_format_1, leaves);
  return leaves;
}

std::vector<Digest> ReadNodes(Connection& connection, std::string_view org_id, int level,
                              std::int64_t first, std::int64_t count) {
  auto& select = connection.Prepared<SelectNodes>();
  // One more than there are, so that SOCI runs the statement to its end.
  select.hashes.resize(static_cast<std::size_t>(count) + 1);
  std::vector<Digest> nodes;
  if (!select.statement.Run(org_id, level, first, first + count)) return nodes;
  nodes.reserve(select.hashes.size());
  for (std::string& hash : select.hashes) {
    nodes.push_back(DigestOrThrow(DigestFromBytes(connection.FromColumn(std::move(hash)))));
  }
  return nodes;
}

std::optional<TreeNode> FindNode(Connection& connection, std::string_view org_id, int level,
                                 std::int64_t index) {
  auto& select = connection.Prepared<SelectNode>();
  if (!select.statement.Run(org_id, level, index)) return std::nullopt;
  // A damaged hash is one that fits nothing.
  return TreeNode{.level = level,
                  .index = index,
                  .hash = DigestFromBytes(connection.FromColumn(select.hash)).value_or(Digest{}),
                  .position = select.position};
}

std::optional<NodePlace> FindNodeFrom(Connection& connection, std::string_view org_id,
                                      const NodePlace& place) {
  auto& select = connection.Prepared<SelectNodeFrom>();
  if (!select.statement.Run(org_id, place.level, place.index)) return std::nullopt;
  return select.found;
}

TreeNode ReadNodeBefore(Connection& connection, std::string_view org_id, std::int64_t index) {
  auto& select = connection.Prepared<SelectNodeBefore>();
  if (!select.statement.Run(org_id, index)) return {.level = 8, .index = -1};
  return {.level = 8, .index = select.found, .hash = {}, .position = select.position};
}

void StoreNodes(Connection& connection, std::string_view org_id, const std::vector<TreeNode>& nodes,
                const StoredTree& tree) {
  RowInsert& rows = connection.Prepared<NodeRows>().insert;
  for (const TreeNode& node : nodes) {
    rows.Text(org_id)
        .Integer(node.level)
        .Integer(node.index)
        .Bytes(BytesOf(node.hash))
        .Integer(node.position)
        .EndRow();
  }
  connection.Prepared<TreeRows>()
      .insert.Text(org_id)
      .Integer(tree.leaf_count)
      .Integer(tree.position)
      .EndRow();
}

std::vector<LogLength> ReadLogLengths(Connection& connection, std::string_view org_id,
                                      std::int64_t limit) {
  return RowsOf<LogLength>(connection.Prepared<SelectLengths>(), org_id, limit);
}

std::vector<std::string> ReadTenantsBehind(Connection& connection, std::string_view org_id,
                                           std::int64_t limit) {
  return RowsOf<std::string>(connection.Prepared<SelectBehind>(), org_id, limit);
}

}  // namespace marginalia
