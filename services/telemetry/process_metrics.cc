#include "services/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <system_error>

#include "services/process/log.h"

namespace marginalia {
namespace {

prometheus::MetricFamily OneMetric(const std::string& name, const std::string& help,
                                   prometheus::MetricType type, double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(metric);
  return family;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double OpenFilesMax() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : kUnknown;
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (!error) return static_cast<double>(std::distance(begin(files), end(files)));
  return error.value() == EMFILE ? OpenFilesMax() : kUnknown;
}

prometheus::MetricFamily BuildInfo() {
  prometheus::MetricFamily family =
      OneMetric("marginalia_build_info", "What this process was built from; always 1.",
                prometheus::MetricType::Gauge, 1);
  family.metric.front().label = {{"compiler", __VERSION__}, {"revision", MARGINALIA_REVISION}};
  return family;
}

// Initialised before main.
const double kStartTime = static_cast<double>(std::time(nullptr));

}  // namespace

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double pages_total = 0;
  double pages_resident = 0;
  if (!(statm >> pages_total >> pages_resident)) return kUnknown;
  return pages_resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::vector<prometheus::MetricFamily> ProcessMetrics() {
  using prometheus::MetricType;
  return {
      OneMetric("process_cpu_seconds_total", "CPU time used, in user and system mode.",
                MetricType::Counter, CpuSeconds()),
      OneMetric("process_resident_memory_bytes", "Memory held in RAM.", MetricType::Gauge,
                ResidentBytes()),
      OneMetric("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenFiles()),
      OneMetric("process_max_fds", "How many file descriptors may be open.", MetricType::Gauge,
                OpenFilesMax()),
      OneMetric("process_start_time_seconds", "When the process started, in Unix time.",
                MetricType::Gauge, kStartTime),
      BuildInfo(),
      OneMetric("marginalia_log_lines_dropped_total",
                "Log lines dropped because stderr was not read fast enough.", MetricType::Counter,
                static_cast<double>(LogLinesDropped())),
  };
}

}  // namespace marginalia
