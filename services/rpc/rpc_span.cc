#include "services/rpc/rpc_span.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "services/telemetry/tracer.h"

namespace marginalia {
namespace {

// To a client every failure is one; a server answers for its own and not for its callers'.
bool IsFailure(SpanKind kind, absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return false;
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return kind == SpanKind::kClient;
  }
}

}  // namespace

void RecordRpcSpan(const Trace& trace, SpanKind kind, std::string_view method,
                   std::string_view request_id, absl::Duration took, absl::StatusCode code) {
  if (!trace.recorded()) return;
  Span span;
  span.context = trace.context;
  span.parent_span_id = trace.parent_span_id;
  span.kind = kind;
  span.name = method;
  span.end = absl::Now();
  span.start = span.end - took;
  const std::size_t slash = method.find('/');
  span.attributes = {{"rpc.system", "grpc"},
                     {"rpc.service", std::string(method.substr(0, slash))},
                     {"rpc.method", std::string(method.substr(slash + 1))},
                     {"rpc.grpc.status_code", static_cast<std::int64_t>(code)}};
  if (!request_id.empty()) {
    span.attributes.push_back({"marginalia.request_id", std::string(request_id)});
  }
  span.failed = IsFailure(kind, code);
  trace.tracer->Record(std::move(span));
}

}  // namespace marginalia
