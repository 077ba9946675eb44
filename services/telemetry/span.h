// One piece of work of a trace as it is exported: plain values.
#ifndef MARGINALIA_SERVICES_TELEMETRY_SPAN_H_
#define MARGINALIA_SERVICES_TELEMETRY_SPAN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "services/telemetry/trace_context.h"

namespace marginalia {

// Numbered as in otlp_trace.proto.
enum class SpanKind { kServer = 2, kClient = 3 };

struct SpanAttribute {
  // A literal, named as OpenTelemetry's semantic conventions name it.
  std::string_view name;
  std::variant<std::string, std::int64_t> value;
};

struct Span {
  TraceContext context;
  // 0: the span begins its trace.
  std::uint64_t parent_span_id = 0;
  SpanKind kind = SpanKind::kServer;
  std::string name;
  absl::Time start;
  absl::Time end;
  // Never a token, a body, or a query.
  std::vector<SpanAttribute> attributes;
  // Whether the work failed in a way that its owner should look into.
  bool failed = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_SPAN_H_
