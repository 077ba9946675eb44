// The trace that a piece of work belongs to: handed from the call that came in to those that go
// out. A value; empty, and as good as free, where nobody traces.
#ifndef MARGINALIA_SERVICES_TELEMETRY_TRACE_H_
#define MARGINALIA_SERVICES_TELEMETRY_TRACE_H_

#include <cstdint>
#include <string_view>

#include "services/telemetry/trace_context.h"

namespace marginalia {

class Tracer;

struct Trace {
  // Its span id is this work's own, and what comes after has it as the parent.
  TraceContext context;
  // 0: this work begins the trace.
  std::uint64_t parent_span_id = 0;
  // Where the work's span goes when it ends; null when it is not recorded. Outlives the work.
  Tracer* tracer = nullptr;

  bool present() const { return context.present(); }
  bool recorded() const { return tracer != nullptr; }
};

// The trace of work that others asked for, with the headers that they sent, empty when they sent
// none. Without a tracer their trace is passed on as it came; a traceparent that is none begins a
// new trace.
Trace ContinueTrace(std::string_view traceparent, std::string_view tracestate, Tracer* tracer);

// The trace of work that this process begins by itself. Without a tracer there is none.
Trace BeginTrace(Tracer* tracer);

// The trace of a part of `parent`, such as a call to another process.
Trace PartOf(const Trace& parent);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_TRACE_H_
