#include "services/net/host_budget.h"

#include <algorithm>

namespace marginalia {
namespace {

constexpr absl::Duration kBurst = absl::Seconds(1);

}  // namespace

absl::Duration HostBudget::Wait(std::string_view host) {
  const std::lock_guard lock(mutex_);
  const auto full_at = full_at_.Find(host);
  if (!full_at.has_value()) return absl::ZeroDuration();
  return std::max(*full_at + cost_ - clock_() - kBurst, absl::ZeroDuration());
}

void HostBudget::Spend(std::string_view host) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_();
  full_at_.Insert(host, std::max(full_at_.Find(host).value_or(now), now) + cost_,
                  sizeof(SteadyTime));
}

}  // namespace marginalia
