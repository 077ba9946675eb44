#include "services/rpc/gate/gate_flags.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/rpc/gate/rate_flags.h"
#include "services/rpc/server/server_flags.h"

ABSL_FLAG(int, calls_in_flight_max, 4096,
          "Unary calls in flight beyond this are refused with RESOURCE_EXHAUSTED.");
ABSL_FLAG(int, caller_calls_in_flight_max, 1024,
          "The same for each caller: a person of a tenant, or a machine.");
ABSL_FLAG(int, caller_streams_in_flight_max, 1024,
          "Open streams of one caller beyond this are refused with RESOURCE_EXHAUSTED.");
ABSL_FLAG(std::vector<std::string>, service_client_names, {},
          "Comma-separated names of the certificates, subject alternative or common, over whose "
          "connections callers with the role service are accepted. Needs --tls_client_ca_path. "
          "Empty: over any connection.");

namespace marginalia {
namespace {

constexpr int kPlacesMax = 1'000'000;

const FlagBounds kCalls("calls_in_flight_max", 1, kPlacesMax);
const FlagBounds kCallersCalls("caller_calls_in_flight_max", 1, kPlacesMax);
const FlagBounds kCallersStreams("caller_streams_in_flight_max", 1, kPlacesMax);

}  // namespace

GateOptions GateFromFlags() {
  GateOptions options;
  options.calls_in_flight_max = absl::GetFlag(FLAGS_calls_in_flight_max);
  options.caller_calls_in_flight_max = absl::GetFlag(FLAGS_caller_calls_in_flight_max);
  options.caller_streams_in_flight_max = absl::GetFlag(FLAGS_caller_streams_in_flight_max);
  options.rates = RatesFromFlags();
  options.service_client_names = absl::GetFlag(FLAGS_service_client_names);
  if (!options.service_client_names.empty() && absl::GetFlag(FLAGS_tls_client_ca_path).empty()) {
    ExitOnBadFlag("service_client_names", "needs --tls_client_ca_path");
  }
  return options;
}

}  // namespace marginalia
