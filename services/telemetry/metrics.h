// The process's metrics, served in Prometheus' text format on an address of their own. Thread-safe.
// Names follow the conventions of go-grpc-prometheus where it has one (grpc_server_handled_total,
// grpc_server_handling_seconds).
#ifndef MARGINALIA_SERVICES_TELEMETRY_METRICS_H_
#define MARGINALIA_SERVICES_TELEMETRY_METRICS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/telemetry/distribution.h"

namespace marginalia {

using MetricLabels = std::map<std::string, std::string>;

// Look a metric up once and keep the pointer: it lives as long as Metrics.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(std::int64_t amount = 1) = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// What the gate counts of one method: calls by code, and how long they took.
class CallMetrics {
 public:
  virtual ~CallMetrics() = default;
  virtual void Ended(absl::StatusCode code, absl::Duration took) = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // Starts to answer GET /metrics on host:port (port 0: a free one). Returns the bound address.
  // Fails, naming the address, when it cannot be bound.
  absl::Status Serve(const std::string& address);
  std::string address() const;

  Counter* AddCounter(const std::string& name, const std::string& help, MetricLabels labels = {});
  Histogram* AddHistogram(const std::string& name, const std::string& help,
                          MetricLabels labels = {});
  // `value` is asked at every scrape, from the exposer's thread, and must stay valid until the
  // metrics are gone.
  void AddGauge(const std::string& name, const std::string& help, MetricLabels labels,
                absl::AnyInvocable<double() const> value);
  // The same for what is counted elsewhere.
  void AddCounter(const std::string& name, const std::string& help, MetricLabels labels,
                  absl::AnyInvocable<double() const> value);
  void AddHistogram(const std::string& name, const std::string& help, MetricLabels labels,
                    const Distribution& values);
  CallMetrics* AddCall(const std::string& service, const std::string& method,
                       const std::string& type);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_METRICS_H_
