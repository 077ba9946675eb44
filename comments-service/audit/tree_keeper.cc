#include "comments-service/audit/tree_keeper.h"

#include <string_view>
#include <vector>

#include "comments-service/audit/tree_growth.h"
#include "comments-service/record/tree_tiles.h"
#include "services/process/log.h"
#include "services/process/pause.h"
#include "services/storage/read_value.h"

namespace marginalia {
namespace {

constexpr absl::Duration kStepDeadline = absl::Seconds(10);
constexpr std::int64_t kTenantsAtATime = 500;
// Logs whose tree lacks this many leaves are told of.
constexpr std::int64_t kToldLeaves = 100'000;

}  // namespace

TreeKeeper::TreeKeeper(Database& database, GroupCommit& writes, RecordDamage& damage,
                       absl::Duration interval)
    : database_(database),
      writes_(writes),
      damage_(damage),
      thread_([this, interval](const std::stop_token& stop) { Work(interval, stop); }) {}

void TreeKeeper::Work(absl::Duration interval, const std::stop_token& stop) {
  // Of the round before.
  std::string told;
  while (!stop.stop_requested()) {
    const absl::Status kept = KeepAll(stop);
    const std::string why = kept.ok() ? "" : kept.ToString();
    if (!why.empty() && why != told) {
      Log(Severity::kWarning, "cannot take entries into the audit trees; will try again",
          {{"error", why}});
    }
    told = why;
    Pause(interval, stop);
  }
}

absl::Status TreeKeeper::KeepAll(const std::stop_token& stop) {
  std::string after;
  // A tenant whose log is broken must not keep the others waiting.
  absl::Status first_failure;
  for (bool more = true; more;) {
    const auto behind = ReadValue<std::vector<std::string>>(
        database_, Tenants::All(), [&after](Connection& connection) {
          return ReadTenantsBehind(connection, after, kTenantsAtATime);
        });
    if (!behind.ok()) return behind.status();
    more = behind->size() == kTenantsAtATime;
    for (const std::string& org_id : *behind) {
      if (stop.stop_requested()) return absl::OkStatus();
      after = org_id;
      const absl::Status kept = Keep(org_id, stop);
      if (RecordDamage::IsDamaged(kept)) {
        damaged_.insert(org_id);
        continue;
      }
      if (!kept.ok() && first_failure.ok()) first_failure = kept;
      if (kept.ok() && damaged_.erase(org_id) > 0) damage_.Mended(org_id);
    }
  }
  return first_failure;
}

absl::Status TreeKeeper::Keep(const std::string& org_id, const std::stop_token& stop) {
  for (bool more = true; more && !stop.stop_requested();) {
    const absl::StatusOr<bool> stepped = Step(org_id);
    if (!stepped.ok()) return stepped.status();
    more = *stepped;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TreeKeeper::Step(const std::string& org_id) {
  TreeGrowth growth;
  const absl::Status read = database_.Read(Tenants::One(org_id), [&](Connection& connection) {
    return damage_.Look(org_id, [&] {
      growth = NextGrowth(connection, org_id);
      return absl::OkStatus();
    });
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
  const std::int64_t missing = growth.entry_count - growth.after.leaf_count;
  if (missing >= kToldLeaves &&
      growth.after.leaf_count / kToldLeaves != growth.before.leaf_count / kToldLeaves) {
    Log(Severity::kInfo, "taking older entries into an audit tree",
        {{"org_id", std::string_view(org_id)},
         {"leaves", growth.after.leaf_count},
         {"missing", missing}});
  }
  return missing >= kTileNodes;
}

}  // namespace marginalia
