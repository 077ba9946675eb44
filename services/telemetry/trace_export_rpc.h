// Sends spans to an OpenTelemetry collector, over OTLP/gRPC.
#ifndef MARGINALIA_SERVICES_TELEMETRY_TRACE_EXPORT_RPC_H_
#define MARGINALIA_SERVICES_TELEMETRY_TRACE_EXPORT_RPC_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "services/telemetry/metrics.h"
#include "services/telemetry/trace_flags.h"
#include "services/telemetry/tracer.h"

namespace marginalia {

using Connect = absl::FunctionRef<std::shared_ptr<grpc::Channel>(const std::string& address)>;

// Null without an address; else `connect` makes the channel that leads to it. `process` is the
// service.name of its spans. What is sent and dropped is counted in `metrics`, which must outlive
// the tracer.
std::unique_ptr<Tracer> StartTracer(const TraceOptions& options, Connect connect,
                                    const std::string& process, Metrics& metrics);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_TRACE_EXPORT_RPC_H_
