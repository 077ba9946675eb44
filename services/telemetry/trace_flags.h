// Whether and where a process sends its traces, as its flags say.
#ifndef MARGINALIA_SERVICES_TELEMETRY_TRACE_FLAGS_H_
#define MARGINALIA_SERVICES_TELEMETRY_TRACE_FLAGS_H_

#include <string>

namespace marginalia {

struct TraceOptions {
  // host:port of a collector that takes OTLP over gRPC; empty: nothing is recorded.
  std::string otlp_address;
  // Of the traces that begin in this process, how many are recorded: from 0 to 1.
  double sample_ratio = 1;
};

// Ends the process with 2 when --otlp_address is no host:port, or --trace_sample_ratio is out of
// range. After ParseConfigOrExit.
TraceOptions TracesFromFlags();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_TRACE_FLAGS_H_
