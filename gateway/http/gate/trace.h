// The trace of an HTTP request: from the headers traceparent and tracestate, and its span with the
// attributes that OpenTelemetry's conventions give it. Thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_TRACE_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_TRACE_H_

#include <string_view>

#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/http/message.h"
#include "services/telemetry/trace.h"

namespace marginalia {

// `tracer` may be null.
Trace TraceOf(const HttpRequest& request, Tracer* tracer);

// Records the span of a request that ends now; does nothing when its trace is not recorded.
// `method` is one of HTTP's, "other" or empty.
void RecordHttpSpan(const ApiCallFacts& facts, std::string_view method, int status,
                    absl::Duration took);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_TRACE_H_
