#include "tests/observability/collector.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;

std::string TextOf(const google::protobuf::RepeatedPtrField<otlp::KeyValue>& attributes,
                   const std::string& name) {
  for (const otlp::KeyValue& attribute : attributes) {
    if (attribute.key() != name) continue;
    return attribute.value().has_int_value() ? std::to_string(attribute.value().int_value())
                                             : attribute.value().string_value();
  }
  return "";
}

}  // namespace

std::string CollectedSpan::Attribute(const std::string& name) const {
  return TextOf(message.attributes(), name);
}

class Collector::Service : public otlp::TraceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Export(grpc::CallbackServerContext* context,
                                   const otlp::ExportTraceServiceRequest* request,
                                   otlp::ExportTraceServiceResponse* response) override {
    {
      const std::lock_guard lock(mutex_);
      received_ += request->SerializeAsString();
      for (const otlp::ResourceSpans& group : request->resource_spans()) {
        const std::string service = TextOf(group.resource().attributes(), "service.name");
        for (const otlp::ScopeSpans& scope : group.scope_spans()) {
          for (const otlp::Span& span : scope.spans()) {
            spans_.push_back({service, absl::BytesToHexString(span.trace_id()),
                              absl::BytesToHexString(span.span_id()),
                              absl::BytesToHexString(span.parent_span_id()), span});
          }
        }
      }
    }
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  std::vector<CollectedSpan> spans() const {
    const std::lock_guard lock(mutex_);
    return spans_;
  }

  std::string received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<CollectedSpan> spans_;  // guarded by mutex_
  std::string received_;              // guarded by mutex_
};

Collector::Collector() : service_(std::make_unique<Service>()) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

Collector::~Collector() { server_->Shutdown(std::chrono::system_clock::now()); }

std::vector<CollectedSpan> Collector::spans() const { return service_->spans(); }

std::string Collector::received() const { return service_->received(); }

CollectedSpan Collector::WaitFor(const std::function<bool(const CollectedSpan&)>& fits) const {
  CollectedSpan found;
  const bool came = Await([&] {
    for (const CollectedSpan& span : spans()) {
      if (!fits(span)) continue;
      found = span;
      return true;
    }
    return false;
  });
  if (!came) {
    for (const CollectedSpan& span : spans()) {
      ADD_FAILURE() << "of another kind: " << span.service << " " << span.message.name();
    }
    ADD_FAILURE() << "the span did not come";
  }
  return found;
}

CollectedSpan Collector::WaitFor(const std::string& trace_id, const std::string& service,
                                 otlp::Span::SpanKind kind, const std::string& name) const {
  SCOPED_TRACE(absl::StrCat(service, " ", name));
  return WaitFor([&](const CollectedSpan& span) {
    return span.trace_id == trace_id && span.service == service && span.message.kind() == kind &&
           span.message.name() == name;
  });
}

}  // namespace marginalia
