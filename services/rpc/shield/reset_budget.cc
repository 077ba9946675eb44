#include "services/rpc/shield/reset_budget.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"

namespace marginalia {

std::unordered_set<std::int64_t> ResetBudget::Overspent(
    const std::vector<ServedConnection>& connections, SteadyTime now) {
  std::unordered_set<std::int64_t> overspent;
  std::unordered_map<std::int64_t, Seen> seen;
  for (const ServedConnection& connection : connections) {
    Seen& here = seen[connection.id];
    here = {.reset_calls = connection.reset_calls, .at = now};
    const auto before = seen_.find(connection.id);
    if (before == seen_.end()) continue;
    const auto resets = static_cast<double>(here.reset_calls - before->second.reset_calls);
    const double earned = kResetCallsPerSecondMax * absl::ToDoubleSeconds(now - before->second.at);
    here.spent = std::max(before->second.spent + resets - earned, 0.0);
    if (here.spent > kResetCallsPerSecondMax) overspent.insert(connection.id);
  }
  seen_ = std::move(seen);
  return overspent;
}

}  // namespace marginalia
