// What is counted of one route: its answers by status, and how long they took. Thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_ROUTE_METRICS_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_ROUTE_METRICS_H_

#include <array>
#include <atomic>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

class RouteMetrics {
 public:
  // `route` is the template, never a path: labels are few.
  RouteMetrics(Metrics& metrics, std::string_view route);

  void Ended(int status, absl::Duration took);

 private:
  static constexpr int kStatusesMax = 600;

  Metrics& metrics_;
  const std::string route_;
  Histogram* const seconds_;
  // Made when a status first occurs, so that a scrape lists only what has happened.
  std::array<std::atomic<Counter*>, kStatusesMax> requests_{};
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_ROUTE_METRICS_H_
