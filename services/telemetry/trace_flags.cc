#include "services/telemetry/trace_flags.h"

#include <string_view>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "services/process/config.h"

ABSL_FLAG(std::string, otlp_address, "",
          "host:port of an OpenTelemetry collector that takes OTLP over gRPC in plain text, to "
          "which the spans of recorded traces are sent. Empty: none are.");
ABSL_FLAG(double, trace_sample_ratio, 1,
          "How many of the traces that begin in this process are recorded. Of a trace "
          "that came with a call, its traceparent says whether it is.");

namespace marginalia {
namespace {

constexpr int kPortMax = 65'535;

const FlagBounds kSampleRatio("trace_sample_ratio", 0.0, 1.0);

bool IsHostAndPort(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  if (address.find('/') != std::string_view::npos) return false;
  const std::string_view digits = address.substr(colon + 1);
  int port = 0;
  return absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &port) && port > 0 &&
         port <= kPortMax;
}

}  // namespace

TraceOptions TracesFromFlags() {
  TraceOptions options{.otlp_address = absl::GetFlag(FLAGS_otlp_address),
                       .sample_ratio = absl::GetFlag(FLAGS_trace_sample_ratio)};
  if (!options.otlp_address.empty() && !IsHostAndPort(options.otlp_address)) {
    ExitOnBadFlag("otlp_address", "must be host:port, such as collector:4317, without a scheme");
  }
  return options;
}

}  // namespace marginalia
