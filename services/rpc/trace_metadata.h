// How a trace travels with gRPC calls: in the metadata traceparent and tracestate, beside the
// request id. Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_TRACE_METADATA_H_
#define MARGINALIA_SERVICES_RPC_TRACE_METADATA_H_

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

#include "services/telemetry/trace.h"

namespace marginalia {

// The trace of a call that came in. `tracer` may be null.
Trace TraceOf(const grpc::CallbackServerContext& context, Tracer* tracer);

// Hands the trace on with a call that goes out; does nothing where there is none.
void PassOnTrace(grpc::ClientContext& context, const Trace& trace);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_TRACE_METADATA_H_
