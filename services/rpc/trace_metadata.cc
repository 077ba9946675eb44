#include "services/rpc/trace_metadata.h"

#include <iterator>
#include <string>
#include <string_view>

namespace marginalia {
namespace {

// More than one says nothing about the trace, and so begins a new one.
constexpr std::string_view kAmbiguous = "ambiguous";

grpc::string_ref RefOf(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ViewOf(grpc::string_ref text) { return {text.data(), text.size()}; }

// Several tracestates are one list.
std::string TracestateOf(const grpc::CallbackServerContext& context) {
  std::string state;
  const auto [first, last] = context.client_metadata().equal_range(RefOf(kTracestateHeader));
  for (auto each = first; each != last; ++each) {
    if (!state.empty()) state += ',';
    state += ViewOf(each->second);
  }
  return state;
}

}  // namespace

Trace TraceOf(const grpc::CallbackServerContext& context, Tracer* tracer) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(RefOf(kTraceparentHeader));
  if (found == metadata.end()) return BeginTrace(tracer);
  const auto next = std::next(found);
  const bool twice = next != metadata.end() && ViewOf(next->first) == kTraceparentHeader;
  return ContinueTrace(twice ? kAmbiguous : ViewOf(found->second), TracestateOf(context), tracer);
}

void PassOnTrace(grpc::ClientContext& context, const Trace& trace) {
  if (!trace.present()) return;
  context.AddMetadata(std::string(kTraceparentHeader), FormatTraceparent(trace.context));
  if (!trace.context.state.empty()) {
    context.AddMetadata(std::string(kTracestateHeader), trace.context.state);
  }
}

}  // namespace marginalia
