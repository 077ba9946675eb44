// How many tokens that are none a host may have verified: verification is work that anybody can
// ask for. A bucket for each host that holds one second's worth. Thread-safe.
#ifndef MARGINALIA_SERVICES_IDENTITY_FAILURE_BUDGET_H_
#define MARGINALIA_SERVICES_IDENTITY_FAILURE_BUDGET_H_

#include <cstddef>
#include <functional>
#include <mutex>
#include <string_view>

#include "absl/time/time.h"
#include "services/cache/lru.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// Of one host. Many people may stand behind one address, such as a proxy's, and who is new waits
// for those that came before; a verification takes about 0.13 ms, so this is a twentieth of a core.
inline constexpr int kTokenFailuresPerSecond = 400;
// The hosts that failed last; others have the whole budget again.
inline constexpr std::size_t kFailingHostsMax = 4096;

class FailureBudget {
 public:
  explicit FailureBudget(std::function<SteadyTime()> clock = SteadyTime::Now)
      : clock_(std::move(clock)) {}

  // How long from now until one more may be verified for the host; zero: at once.
  absl::Duration Wait(std::string_view host);
  // One was, and failed.
  void Failed(std::string_view host);

 private:
  const std::function<SteadyTime()> clock_;
  std::mutex mutex_;
  // When each bucket will be full again.
  Lru<SteadyTime, 1> full_at_{{.entries_max = kFailingHostsMax, .bytes_max = 1024 * 1024}};
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_FAILURE_BUDGET_H_
