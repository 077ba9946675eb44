#include "gateway/http/gate/trace.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/telemetry/tracer.h"

namespace marginalia {
namespace {

// More than one says nothing about the trace, and so begins a new one.
constexpr std::string_view kAmbiguous = "ambiguous";

bool IsNamed(const HeaderField& field, std::string_view name) {
  return field.name.size() == name.size() &&
         absl::EqualsIgnoreCase({field.name.data(), field.name.size()}, {name.data(), name.size()});
}

}  // namespace

Trace TraceOf(const HttpRequest& request, Tracer* tracer) {
  std::string_view traceparent;
  std::string tracestate;
  for (const HeaderField& field : request.headers) {
    if (IsNamed(field, kTraceparentHeader)) {
      traceparent = traceparent.empty() ? field.value : kAmbiguous;
    } else if (IsNamed(field, kTracestateHeader)) {
      // Several are one list.
      if (!tracestate.empty()) tracestate += ',';
      tracestate += field.value;
    }
  }
  return ContinueTrace(traceparent, tracestate, tracer);
}

void RecordHttpSpan(const ApiCallFacts& facts, std::string_view method, int status,
                    absl::Duration took) {
  if (!facts.trace.recorded()) return;
  Span span;
  span.context = facts.trace.context;
  span.parent_span_id = facts.trace.parent_span_id;
  span.kind = SpanKind::kServer;
  const std::string_view shown = method.empty() || method == "other" ? "_OTHER" : method;
  span.name =
      absl::StrCat(shown == "_OTHER" ? "HTTP" : std::string(shown), " ", std::string(facts.route));
  span.end = absl::Now();
  span.start = span.end - took;
  span.attributes = {{"http.request.method", std::string(shown)},
                     {"http.route", std::string(facts.route)},
                     {"http.response.status_code", static_cast<std::int64_t>(status)},
                     {"marginalia.request_id", facts.request_id}};
  if (!facts.path.empty()) span.attributes.push_back({"url.path", facts.path});
  span.failed = status >= 500;
  facts.trace.tracer->Record(std::move(span));
}

}  // namespace marginalia
