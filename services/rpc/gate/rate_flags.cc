#include "services/rpc/gate/rate_flags.h"

#include "absl/flags/flag.h"
#include "services/process/config.h"

ABSL_FLAG(int, tenant_calls_per_second, 0,
          "Calls of one tenant beyond this are refused with RESOURCE_EXHAUSTED (HTTP 429) and a "
          "time to wait; 0: no limit. Each process counts for itself.");
ABSL_FLAG(int, person_calls_per_second, 0, "The same for each person of a tenant.");

namespace marginalia {
namespace {

// Beyond it a token would take less than the clock's step.
constexpr int kCallsPerSecondMax = 1'000'000;

const FlagBounds kTenants("tenant_calls_per_second", 0, kCallsPerSecondMax);
const FlagBounds kPersons("person_calls_per_second", 0, kCallsPerSecondMax);

}  // namespace

RateLimitOptions RatesFromFlags() {
  RateLimitOptions options;
  options.tenant_calls_per_second = absl::GetFlag(FLAGS_tenant_calls_per_second);
  options.person_calls_per_second = absl::GetFlag(FLAGS_person_calls_per_second);
  return options;
}

}  // namespace marginalia
