#include "comments-service/audit/checkpoint_log.h"

#include <string_view>
#include <vector>

#include "comments-service/audit/tree_store.h"
#include "services/process/log.h"
#include "services/process/pause.h"
#include "services/storage/read_value.h"

namespace marginalia {
namespace {

constexpr std::int64_t kTenantsAtATime = 500;

}  // namespace

CheckpointLog::CheckpointLog(Database& database, Checkpoints& checkpoints, absl::Duration interval)
    : database_(database),
      checkpoints_(checkpoints),
      thread_([this, interval](const std::stop_token& stop) { Work(interval, stop); }) {}

void CheckpointLog::Work(absl::Duration interval, const std::stop_token& stop) {
  for (bool ending = false; !ending;) {
    ending = !Pause(interval, stop);
    const absl::Status printed =
        PrintAll(ending ? SteadyTime::Now() + kLastPrintMax : SteadyTime::Never());
    if (printed.ok()) continue;
    const std::string why = printed.ToString();
    Log(Severity::kWarning, "cannot print the audit checkpoints; will try again", {{"error", why}});
  }
}

absl::Status CheckpointLog::PrintAll(SteadyTime until) {
  std::string after;
  absl::Status first_failure;
  for (bool more = true; more;) {
    const auto logs = ReadValue<std::vector<LogLength>>(
        database_, Tenants::All(), [&after](Connection& connection) {
          return ReadLogLengths(connection, after, kTenantsAtATime);
        });
    if (!logs.ok()) return logs.status();
    more = logs->size() == kTenantsAtATime;
    for (const LogLength& each : *logs) {
      if (SteadyTime::Now() > until) return first_failure;
      after = each.org_id;
      const absl::Status printed = Print(each.org_id, each.entry_count);
      if (!printed.ok() && first_failure.ok()) first_failure = printed;
    }
  }
  return first_failure;
}

absl::Status CheckpointLog::Print(const std::string& org_id, std::int64_t entry_count) {
  const auto known = printed_.find(org_id);
  if (known != printed_.end() && known->second == entry_count) return absl::OkStatus();
  const absl::StatusOr<SignedCheckpoint> newest = checkpoints_.Newest(org_id);
  if (RecordDamage::IsDamaged(newest.status())) return absl::OkStatus();
  if (!newest.ok()) return newest.status();
  if (newest->note.empty()) return absl::OkStatus();
  Log(Severity::kInfo, "audit checkpoint",
      {{"org_id", std::string_view(org_id)},
       {"size", newest->checkpoint.size},
       {"checkpoint", std::string_view(newest->note)}});
  if (known != printed_.end() || printed_.size() < kCheckpointsRememberedMax) {
    printed_[org_id] = entry_count;
  }
  return absl::OkStatus();
}

}  // namespace marginalia
