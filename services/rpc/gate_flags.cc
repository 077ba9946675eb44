#include "services/rpc/gate_flags.h"

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/rpc/rate_flags.h"

ABSL_FLAG(int, calls_in_flight_max, 4096,
          "Unary calls in flight beyond this are refused with RESOURCE_EXHAUSTED.");

namespace marginalia {

GateOptions GateFromFlags() {
  GateOptions options;
  options.calls_in_flight_max = absl::GetFlag(FLAGS_calls_in_flight_max);
  if (options.calls_in_flight_max < 1) ExitOnBadFlag("calls_in_flight_max", "must be at least 1");
  options.rates = RatesFromFlags();
  return options;
}

}  // namespace marginalia
