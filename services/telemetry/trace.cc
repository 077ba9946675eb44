#include "services/telemetry/trace.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "services/process/random_bits.h"
#include "services/telemetry/tracer.h"

namespace marginalia {
namespace {

// 0 is no id.
std::uint64_t NewId() {
  std::uint64_t id = 0;
  while (id == 0) id = RandomBits();
  return id;
}

Trace NewTrace(Tracer* tracer) {
  Trace trace;
  trace.context.trace_id = {NewId(), NewId()};
  trace.context.span_id = NewId();
  trace.context.sampled = tracer != nullptr && tracer->SamplesNewTrace();
  if (trace.context.sampled) trace.tracer = tracer;
  return trace;
}

}  // namespace

Trace ContinueTrace(std::string_view traceparent, std::string_view tracestate, Tracer* tracer) {
  if (traceparent.empty()) return BeginTrace(tracer);
  std::optional<TraceContext> context = ParseTraceparent(traceparent);
  if (!context.has_value()) return NewTrace(tracer);
  if (IsTracestate(tracestate)) {
    context->state = tracestate;
    // The standard allows tabs between members; gRPC ends a process that puts one into metadata.
    std::replace(context->state.begin(), context->state.end(), '\t', ' ');
  }
  Trace trace;
  trace.context = *std::move(context);
  if (tracer == nullptr) return trace;
  trace.parent_span_id = std::exchange(trace.context.span_id, NewId());
  if (trace.context.sampled) trace.tracer = tracer;
  return trace;
}

Trace BeginTrace(Tracer* tracer) { return tracer == nullptr ? Trace() : NewTrace(tracer); }

Trace PartOf(const Trace& parent) {
  Trace part = parent;
  if (part.recorded()) part.parent_span_id = std::exchange(part.context.span_id, NewId());
  return part;
}

}  // namespace marginalia
