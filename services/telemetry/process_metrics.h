// What every process tells about itself, named as Prometheus' client libraries name it.
// Thread-safe.
#ifndef MARGINALIA_SERVICES_TELEMETRY_PROCESS_METRICS_H_
#define MARGINALIA_SERVICES_TELEMETRY_PROCESS_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

namespace marginalia {

// CPU time, memory, file descriptors, when the process started, what it was built from, and lines
// that the log dropped, as of now.
std::vector<prometheus::MetricFamily> ProcessMetrics();

// Of memory; NaN when it cannot be read.
double ResidentBytes();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_PROCESS_METRICS_H_
