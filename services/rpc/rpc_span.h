// The span of one RPC, with the attributes that OpenTelemetry's conventions give it. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_RPC_SPAN_H_
#define MARGINALIA_SERVICES_RPC_RPC_SPAN_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/telemetry/span.h"
#include "services/telemetry/trace.h"

namespace marginalia {

// Records the span of a call that ends now; does nothing when the trace is not recorded. `method`
// is "package.Service/Method".
void RecordRpcSpan(const Trace& trace, SpanKind kind, std::string_view method,
                   std::string_view request_id, absl::Duration took, absl::StatusCode code);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_RPC_SPAN_H_
