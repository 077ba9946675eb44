#include "comments-service/relay/relay_checkpoints.h"

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "comments-service/audit/tree_store.h"
#include "services/process/log.h"
#include "services/storage/read_value.h"

namespace marginalia {

absl::StatusOr<std::vector<RelayMessage>> RelayCheckpoints::Next(const LogPoint& point) {
  if (after_.empty()) began_ = SteadyTime::Now();
  const auto logs =
      ReadValue<std::vector<LogLength>>(database_, Tenants::All(), [this](Connection& connection) {
        return ReadLogLengths(connection, after_, kRelayTenantsAtATime);
      });
  if (!logs.ok()) return logs.status();
  given_.clear();
  more_ = logs->size() == kRelayTenantsAtATime;
  std::vector<RelayMessage> messages;
  for (const LogLength& log : *logs) {
    last_ = log.org_id;
    const auto known = published_.find(log.org_id);
    if (known != published_.end() && known->second == log.entry_count) continue;
    const absl::StatusOr<SignedCheckpoint> newest = checkpoints_.Newest(log.org_id);
    if (absl::IsUnavailable(newest.status())) return newest.status();
    if (!newest.ok()) {
      // A record that is damaged keeps neither the others' checkpoints nor anybody's events back;
      // of it the log has been told.
      if (RecordDamage::IsDamaged(newest.status())) continue;
      const std::string why(newest.status().message());
      Log(Severity::kError, "a tenant's checkpoint cannot be made: verify its audit log",
          {{"org_id", std::string_view(log.org_id)}, {"error", std::string_view(why)}});
      continue;
    }
    given_[log.org_id] = log.entry_count;
    messages.push_back(MakeCheckpointMessage(log.org_id, newest->checkpoint, newest->note, point));
  }
  return messages;
}

void RelayCheckpoints::Published() {
  for (const auto& [org_id, size] : given_) {
    if (published_.size() < kRelayCheckpointsRememberedMax || published_.contains(org_id)) {
      published_[org_id] = size;
    }
  }
  given_.clear();
  after_ = more_ ? std::exchange(last_, "") : "";
  next_ = more_ ? SteadyTime() : began_ + interval_;
}

}  // namespace marginalia
