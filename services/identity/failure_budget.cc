#include "services/identity/failure_budget.h"

#include <algorithm>

namespace marginalia {
namespace {

constexpr absl::Duration kBurst = absl::Seconds(1);
const absl::Duration kCost = kBurst / kTokenFailuresPerSecond;

}  // namespace

absl::Duration FailureBudget::Wait(std::string_view host) {
  const std::lock_guard lock(mutex_);
  const auto full_at = full_at_.Find(host);
  if (!full_at.has_value()) return absl::ZeroDuration();
  return std::max(*full_at + kCost - clock_() - kBurst, absl::ZeroDuration());
}

void FailureBudget::Failed(std::string_view host) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_();
  full_at_.Insert(host, std::max(full_at_.Find(host).value_or(now), now) + kCost,
                  sizeof(SteadyTime));
}

}  // namespace marginalia
