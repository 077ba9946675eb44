#include "services/rpc/shield/reset_budget.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "services/net/peer_name.h"

namespace marginalia {
namespace {

// Of a host whose connections have reset too much, all are ended that did so: whose resets since
// the last look are at least this part of those of the one with most. Somebody else behind the same
// proxy may have reset a few.
constexpr std::int64_t kPartOfMost = 16;

}  // namespace

std::unordered_set<std::int64_t> ResetBudget::Overspent(
    const std::vector<ServedConnection>& connections, SteadyTime now) {
  struct Resets {
    std::int64_t all = 0;
    std::int64_t most = 0;
  };
  std::unordered_map<std::string, Resets> resets_of_hosts;
  std::unordered_map<std::int64_t, std::int64_t> seen;
  const auto resets_of = [this](const ServedConnection& connection) {
    const auto before = seen_.find(connection.id);
    return connection.reset_calls - (before == seen_.end() ? 0 : before->second);
  };
  for (const ServedConnection& connection : connections) {
    seen[connection.id] = connection.reset_calls;
    Resets& of_host = resets_of_hosts[HostOf(connection.peer)];
    of_host.all += resets_of(connection);
    of_host.most = std::max(of_host.most, resets_of(connection));
  }

  const double earned = kResetCallsPerSecondMax * absl::ToDoubleSeconds(now - looked_at_);
  std::unordered_map<std::string, double> spent;
  std::unordered_set<std::string> overspent_hosts;
  for (const auto& [host, resets] : resets_of_hosts) {
    const double sum = spent_[host] + static_cast<double>(resets.all) - earned;
    // Those who spent it are ended: for the others of the host it begins anew.
    if (sum > kResetCallsPerSecondMax) overspent_hosts.insert(host);
    if (sum > 0 && sum <= kResetCallsPerSecondMax) spent[host] = sum;
  }

  std::unordered_set<std::int64_t> overspent;
  for (const ServedConnection& connection : connections) {
    const std::string host = HostOf(connection.peer);
    const std::int64_t resets = resets_of(connection);
    if (!overspent_hosts.contains(host) || resets == 0) continue;
    if (resets * kPartOfMost >= resets_of_hosts[host].most) overspent.insert(connection.id);
  }
  seen_ = std::move(seen);
  spent_ = std::move(spent);
  looked_at_ = now;
  return overspent;
}

}  // namespace marginalia
