// An OpenTelemetry collector for tests: a real server that keeps the spans that it is sent.
// Thread-safe.
#ifndef MARGINALIA_TESTS_OBSERVABILITY_COLLECTOR_H_
#define MARGINALIA_TESTS_OBSERVABILITY_COLLECTOR_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/telemetry/otlp_trace.grpc.pb.h"

namespace marginalia {

struct CollectedSpan {
  // Of whom: the resource's service.name.
  std::string service;
  // In hexadecimal digits; the parent's empty for the root of a trace.
  std::string trace_id, span_id, parent_id;
  opentelemetry::proto::collector::trace::v1::Span message;

  // An attribute as text; empty when there is none.
  std::string Attribute(const std::string& name) const;
};

class Collector {
 public:
  Collector();
  ~Collector();

  // 127.0.0.1:port.
  const std::string& address() const { return address_; }

  std::vector<CollectedSpan> spans() const;
  // Waits for a span that fits; the test fails when none comes.
  CollectedSpan WaitFor(const std::function<bool(const CollectedSpan&)>& fits) const;
  // The same for a trace's span of that service, kind and name.
  CollectedSpan WaitFor(const std::string& trace_id, const std::string& service,
                        opentelemetry::proto::collector::trace::v1::Span::SpanKind kind,
                        const std::string& name) const;
  // Whatever was sent, as bytes.
  std::string received() const;

 private:
  class Service;
  std::unique_ptr<Service> service_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_OBSERVABILITY_COLLECTOR_H_
