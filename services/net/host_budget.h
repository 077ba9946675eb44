// How much a host may have done for it of work that anybody can ask for: for each a bucket that
// holds one second's worth. Thread-safe.
#ifndef MARGINALIA_SERVICES_NET_HOST_BUDGET_H_
#define MARGINALIA_SERVICES_NET_HOST_BUDGET_H_

#include <cstddef>
#include <functional>
#include <mutex>
#include <string_view>

#include "absl/time/time.h"
#include "services/cache/lru.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// The hosts that spent last; others have the whole budget again.
inline constexpr std::size_t kSpendingHostsMax = 4096;

class HostBudget {
 public:
  explicit HostBudget(int per_second, std::function<SteadyTime()> clock = SteadyTime::Now)
      : cost_(absl::Seconds(1) / per_second), clock_(std::move(clock)) {}

  // How long from now until the host (peer_name.h) may have one more; zero: at once.
  absl::Duration Wait(std::string_view host);
  // It has had one, or will have it once it has waited.
  void Spend(std::string_view host);

 private:
  const absl::Duration cost_;
  const std::function<SteadyTime()> clock_;
  std::mutex mutex_;
  // When each bucket will be full again.
  Lru<SteadyTime, 1> full_at_{{.entries_max = kSpendingHostsMax, .bytes_max = 1024 * 1024}};
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_HOST_BUDGET_H_
