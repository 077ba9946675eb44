#include "comments-service/audit/tree_keeper.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/record/merkle_tree.h"
#include "comments-service/record/tree_tiles.h"
#include "services/process/log.h"

namespace marginalia {
namespace {

constexpr absl::Duration kStepDeadline = absl::Seconds(10);
constexpr std::int64_t kTenantsAtATime = 500;
// Logs whose tree lacks this many leaves are told of.
constexpr std::int64_t kToldLeaves = 100'000;

// What a step adds to a tree.
struct Growth {
  StoredTree before;
  StoredTree after;
  std::vector<TreeNode> nodes;
};

// The inner nodes above a level-8 node that it completes.
void AddParents(Connection& connection, const std::string& org_id, Growth& growth) {
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
    if (tree.size() != kTileNodes) throw std::runtime_error("the audit log's tree lacks a node");
    growth.nodes.push_back({.level = level + kTileLevels,
                            .index = last.index / kTileNodes,
                            .hash = tree.Root(),
                            .position = last.position});
  }
}

Growth GrowthOf(Connection& connection, const std::string& org_id) {
  Growth growth;
  growth.before = growth.after = ReadStoredTree(connection, org_id);
  const std::vector<TreeLeaf> leaves =
      ReadLeaves(connection, org_id, growth.before.position, kTreeStepLeaves);
  GrowingTree tile;
  for (const TreeLeaf& leaf : leaves) {
    if (leaf.number != growth.after.leaf_count + tile.size() + 1) {
      throw std::runtime_error("the audit log lacks an entry");
    }
    tile.Add(leaf.hash);
    if (tile.size() < kTileNodes) continue;
    growth.nodes.push_back({.level = kTileLevels,
                            .index = growth.after.leaf_count / kTileNodes,
                            .hash = tile.Root(),
                            .position = leaf.position});
    AddParents(connection, org_id, growth);
    growth.after = {.leaf_count = growth.after.leaf_count + kTileNodes, .position = leaf.position};
    tile = GrowingTree();
  }
  return growth;
}

}  // namespace

TreeKeeper::TreeKeeper(Database& database, GroupCommit& writes, absl::Duration interval)
    : database_(database), writes_(writes), thread_([this, interval] { Work(interval); }) {}

TreeKeeper::~TreeKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void TreeKeeper::Work(absl::Duration interval) {
  while (!stopping()) {
    const absl::Status kept = KeepAll();
    if (!kept.ok()) {
      const std::string why = kept.ToString();
      Log(Severity::kWarning, "cannot take entries into the audit trees; will try again",
          {{"error", why}});
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoMilliseconds(interval), [this] { return stopping_; });
  }
}

absl::Status TreeKeeper::KeepAll() {
  std::vector<std::string> behind;
  std::string after;
  // A tenant whose log is broken must not keep the others waiting.
  absl::Status first_failure;
  do {
    const absl::Status read = database_.Read(Tenants::All(), [&](Connection& connection) {
      behind = ReadTenantsBehind(connection, after, kTenantsAtATime);
      return absl::OkStatus();
    });
    if (!read.ok()) return read;
    for (const std::string& org_id : behind) {
      if (stopping()) return absl::OkStatus();
      const absl::Status kept = Keep(org_id);
      if (!kept.ok() && first_failure.ok()) first_failure = kept;
      after = org_id;
    }
  } while (behind.size() == kTenantsAtATime);
  return first_failure;
}

absl::Status TreeKeeper::Keep(const std::string& org_id) {
  for (bool more = true; more && !stopping();) {
    const absl::StatusOr<bool> stepped = Step(org_id);
    if (!stepped.ok()) return stepped.status();
    more = *stepped;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TreeKeeper::Step(const std::string& org_id) {
  Growth growth;
  std::int64_t entry_count = 0;
  const absl::Status read =
      database_.Read(Tenants::One(org_id), [&](Connection& connection) -> absl::Status {
        growth = GrowthOf(connection, org_id);
        entry_count = ReadAuditHead(connection, org_id).entry_count;
        return absl::OkStatus();
      });
  if (!read.ok()) return read;
  if (growth.nodes.empty()) return false;
  const absl::Status written = writes_.SubmitAndWait(
      SteadyTime::Now() + kStepDeadline, Tenants::One(org_id), [&](Connection& connection) {
        // Another replica may have been faster.
        if (ReadStoredTree(connection, org_id) == growth.before) {
          StoreNodes(connection, org_id, growth.nodes, growth.after);
        }
        return absl::OkStatus();
      });
  if (!written.ok()) return written;
  const std::int64_t missing = entry_count - growth.after.leaf_count;
  if (missing >= kToldLeaves &&
      growth.after.leaf_count / kToldLeaves != growth.before.leaf_count / kToldLeaves) {
    Log(Severity::kInfo, "taking older entries into an audit tree",
        {{"org_id", std::string_view(org_id)},
         {"leaves", growth.after.leaf_count},
         {"missing", missing}});
  }
  return missing >= kTileNodes;
}

bool TreeKeeper::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace marginalia
