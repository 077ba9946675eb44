#include "tests/bench/process_usage.h"

#include <time.h>

#include <fstream>
#include <sstream>
#include <string>

namespace marginalia::bench {
namespace {

constexpr double kKibPerMib = 1024;

// The value of a line "Name:   123 kB", in MiB.
double LineOf(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, name.size(), name) != 0) continue;
    std::istringstream rest(line.substr(name.size()));
    double kib = 0;
    rest >> kib;
    return kib / kKibPerMib;
  }
  return 0;
}

}  // namespace

std::int64_t CpuNanos(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

MemoryUse MemoryOf(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  return {LineOf(folder + "/status", "VmRSS:"), LineOf(folder + "/smaps_rollup", "Pss:")};
}

}  // namespace marginalia::bench
