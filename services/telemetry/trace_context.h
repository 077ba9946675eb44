// A call's place in a distributed trace as W3C Trace Context writes it
// (https://www.w3.org/TR/trace-context/): the headers traceparent and tracestate. Pure functions,
// thread-safe.
#ifndef MARGINALIA_SERVICES_TELEMETRY_TRACE_CONTEXT_H_
#define MARGINALIA_SERVICES_TELEMETRY_TRACE_CONTEXT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::string_view kTraceparentHeader = "traceparent";
inline constexpr std::string_view kTracestateHeader = "tracestate";
// As much of a tracestate as everybody must pass on; a longer one is dropped.
inline constexpr std::size_t kTracestateBytesMax = 512;
inline constexpr std::size_t kTracestateMembersMax = 32;

struct TraceContext {
  // Both 0: there is no trace.
  std::array<std::uint64_t, 2> trace_id{};
  std::uint64_t span_id = 0;
  // Whether who began the trace records it, and so everybody after it should.
  bool sampled = false;
  // Other vendors' tracestate, passed on as it is.
  std::string state;

  bool present() const { return (trace_id[0] | trace_id[1]) != 0; }
};

// Reads a traceparent. Nothing when it is not one by the rules of version 00, or, of a later
// version, does not begin like one.
std::optional<TraceContext> ParseTraceparent(std::string_view text);

// "00-<trace id>-<span id>-<flags>".
std::string FormatTraceparent(const TraceContext& context);

// Whether `text` is a list of members, each with a key of its own, and within the limits.
bool IsTracestate(std::string_view text);

// 32 hexadecimal digits.
std::string TraceIdText(const TraceContext& context);
// 16 hexadecimal digits.
std::string SpanIdText(std::uint64_t span_id);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_TRACE_CONTEXT_H_
