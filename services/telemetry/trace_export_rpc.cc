#include "services/telemetry/trace_export_rpc.h"

#include <grpcpp/client_context.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/telemetry/otlp_trace.grpc.pb.h"

namespace marginalia {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;

constexpr std::size_t kHostNameBytesMax = 256;
// A collector that is away is spoken of once in so long.
constexpr absl::Duration kComplaintEvery = absl::Minutes(1);

std::string BigEndian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i) & 0xFF);
  return bytes;
}

void SetText(otlp::KeyValue& attribute, std::string_view key, std::string text) {
  attribute.set_key(std::string(key));
  attribute.mutable_value()->set_string_value(std::move(text));
}

// One of several processes of the same name on the same host is told by its number.
std::string InstanceId() {
  std::array<char, kHostNameBytesMax> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return absl::StrCat(host.data(), ":", getpid());
}

void Fill(otlp::Span& message, const Span& span) {
  message.set_trace_id(BigEndian(span.context.trace_id[0]) + BigEndian(span.context.trace_id[1]));
  message.set_span_id(BigEndian(span.context.span_id));
  message.set_trace_state(span.context.state);
  if (span.parent_span_id != 0) message.set_parent_span_id(BigEndian(span.parent_span_id));
  message.set_flags(span.context.sampled ? 1 : 0);
  message.set_name(span.name);
  message.set_kind(static_cast<otlp::Span::SpanKind>(span.kind));
  message.set_start_time_unix_nano(static_cast<std::uint64_t>(absl::ToUnixNanos(span.start)));
  message.set_end_time_unix_nano(static_cast<std::uint64_t>(absl::ToUnixNanos(span.end)));
  for (const SpanAttribute& each : span.attributes) {
    otlp::KeyValue& attribute = *message.add_attributes();
    if (const auto* number = std::get_if<std::int64_t>(&each.value)) {
      attribute.set_key(std::string(each.name));
      attribute.mutable_value()->set_int_value(*number);
    } else {
      SetText(attribute, each.name, std::get<std::string>(each.value));
    }
  }
  if (span.failed) message.mutable_status()->set_code(otlp::Status::STATUS_CODE_ERROR);
}

// Used on the tracer's thread.
class Collector {
 public:
  Collector(const std::string& address, const std::shared_ptr<grpc::Channel>& channel,
            const std::string& process)
      : address_(address), stub_(otlp::TraceService::NewStub(channel)) {
    SetText(*resource_.add_attributes(), "service.namespace", "marginalia");
    SetText(*resource_.add_attributes(), "service.name", process);
    SetText(*resource_.add_attributes(), "service.instance.id", InstanceId());
  }

  std::size_t Send(const std::vector<Span>& spans, absl::Duration wait_max) {
    otlp::ExportTraceServiceRequest request;
    otlp::ResourceSpans& group = *request.add_resource_spans();
    *group.mutable_resource() = resource_;
    otlp::ScopeSpans& scope = *group.add_scope_spans();
    scope.mutable_scope()->set_name("marginalia");
    for (const Span& span : spans) Fill(*scope.add_spans(), span);

    otlp::ExportTraceServiceResponse response;
    const grpc::Status status = Export(request, response, wait_max);
    if (!status.ok()) {
      Complain(status.error_message(), static_cast<std::int64_t>(status.error_code()));
      return 0;
    }
    const auto rejected = static_cast<std::size_t>(
        std::max<std::int64_t>(response.partial_success().rejected_spans(), 0));
    if (rejected > 0) Complain(response.partial_success().error_message(), 0);
    return spans.size() - std::min(rejected, spans.size());
  }

 private:
  // By a callback: a thread that waited within gRPC would take part in polling the connections of
  // every call of this process.
  grpc::Status Export(const otlp::ExportTraceServiceRequest& request,
                      otlp::ExportTraceServiceResponse& response, absl::Duration wait_max) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<grpc::Status> ended;
    grpc::ClientContext context;
    context.set_deadline(gpr_time_from_nanos(absl::ToInt64Nanoseconds(wait_max), GPR_TIMESPAN));
    stub_->async()->Export(&context, &request, &response, [&](const grpc::Status& status) {
      const std::lock_guard lock(mutex);
      ended = status;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ended.has_value(); });
    return *ended;
  }

  void Complain(const std::string& why, std::int64_t code) {
    if (SteadyTime::Now() < silent_until_) return;
    silent_until_ = SteadyTime::Now() + kComplaintEvery;
    Log(Severity::kWarning, "the collector did not take spans: they are dropped",
        {{"otlp_address", std::string_view(address_)},
         {"code", code},
         {"error", std::string_view(why)}});
  }

  const std::string address_;
  const std::unique_ptr<otlp::TraceService::Stub> stub_;
  otlp::Resource resource_;
  SteadyTime silent_until_;
};

Counter* DroppedCounter(Metrics& metrics, const char* reason) {
  return metrics.AddCounter("marginalia_trace_spans_dropped_total",
                            "Spans that reached no collector, by reason.", {{"reason", reason}});
}

}  // namespace

std::unique_ptr<Tracer> StartTracer(const TraceOptions& options, Connect connect,
                                    const std::string& process, Metrics& metrics) {
  const TracerCounters counters{
      .exported = metrics.AddCounter("marginalia_trace_spans_exported_total",
                                     "Spans that the collector has taken."),
      .dropped_queue_full = DroppedCounter(metrics, "queue_full"),
      .dropped_not_taken = DroppedCounter(metrics, "not_taken")};
  if (options.otlp_address.empty()) return nullptr;
  return std::make_unique<Tracer>(
      options.sample_ratio,
      [collector = std::make_unique<Collector>(options.otlp_address, connect(options.otlp_address),
                                               process)](const std::vector<Span>& spans,
                                                         absl::Duration wait_max) {
        return collector->Send(spans, wait_max);
      },
      counters);
}

}  // namespace marginalia
