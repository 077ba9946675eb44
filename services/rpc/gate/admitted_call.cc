#include <cstdint>
#include <string>
#include <utility>

#include "services/errors/errors.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/rpc/gate/gate.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/rpc_span.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

AdmittedCall::AdmittedCall(AdmittedCall&& other) noexcept { *this = std::move(other); }

AdmittedCall& AdmittedCall::operator=(AdmittedCall&& other) noexcept {
  if (this == &other) return *this;
  End();
  method_ = std::exchange(other.method_, nullptr);
  place_ = std::move(other.place_);
  caller_place_ = std::exchange(other.caller_place_, nullptr);
  token_ = std::move(other.token_);
  request_id_ = std::move(other.request_id_);
  trace_ = std::move(other.trace_);
  bearer_ = other.bearer_;
  deadline_ = other.deadline_;
  start_nanos_ = other.start_nanos_;
  code_ = other.code_;
  reason_ = std::move(other.reason_);
  return *this;
}

AdmittedCall::~AdmittedCall() { End(); }

void AdmittedCall::Begin(const GatedMethod& method, std::string request_id, SteadyTime deadline) {
  method_ = &method;
  request_id_ = std::move(request_id);
  deadline_ = deadline;
  start_nanos_ = SteadyTime::Now().Nanos();
}

grpc::Status AdmittedCall::Ended(const absl::Status& status) {
  code_ = status.code();
  if (status.ok()) return grpc::Status::OK;
  if (IsForLogOnly(status)) {
    Log(Severity::kError, "internal error",
        {{"request_id", std::string_view(request_id_)},
         {"method", std::string_view(method_->full_name)},
         {"error", std::string(status.message())}});
  }
  const absl::Status shown = WithErrorMetadata(PublicStatus(status), "request_id", request_id_);
  code_ = shown.code();
  reason_ = ReasonOf(shown);
  return ToGrpc(shown);
}

void AdmittedCall::End() {
  if (method_ == nullptr) return;
  const std::int64_t took_nanos = SteadyTime::Now().Nanos() - start_nanos_;
  method_->metrics->Ended(code_, absl::Nanoseconds(took_nanos));
  WriteLogLine(took_nanos);
  RecordRpcSpan(trace_, SpanKind::kServer, method_->full_name, request_id_,
                absl::Nanoseconds(took_nanos), code_);
  if (place_) place_->fetch_sub(1, std::memory_order_relaxed);
  if (caller_place_ != nullptr) caller_place_->fetch_sub(1);
  method_ = nullptr;
}

// Names whom and what, never the token, the metadata or the message.
void AdmittedCall::WriteLogLine(std::int64_t took_nanos) const {
  thread_local std::string line;
  line.clear();
  AppendLogHead(line, Severity::kInfo, "call");
  AppendLogField(line, "request_id", request_id_);
  AppendLogField(line, "method", method_->full_name);
  AppendLogField(line, "org_id", token_ ? std::string_view(token_->caller.org_id) : "");
  AppendLogField(line, "user_id", token_ ? std::string_view(token_->caller.user_id) : "");
  AppendLogField(line, "code", std::string_view(absl::StatusCodeToString(code_)));
  AppendLogField(line, "reason", reason_);
  AppendLogField(line, "duration_us", took_nanos / 1000);
  if (trace_.present()) {
    AppendLogField(line, "trace_id", TraceIdText(trace_.context));
    AppendLogField(line, "span_id", SpanIdText(trace_.context.span_id));
  }
  line += '}';
  LogLine(line);
}

void UnaryCall::Answer(const absl::Status& status) {
  // An error that says when to try again comes after this service has waited for as long as it may:
  // gRPC's own retries, which know nothing of that, would only multiply the wait.
  if (!status.ok() && RetryAfterOf(status) > absl::ZeroDuration()) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
  }
  Finish(call_.Ended(status));
}

}  // namespace marginalia
