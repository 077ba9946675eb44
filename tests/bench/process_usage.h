// What another process has used. Pure reads of the kernel's accounts; thread-safe.
#ifndef MARGINALIA_TESTS_BENCH_PROCESS_USAGE_H_
#define MARGINALIA_TESTS_BENCH_PROCESS_USAGE_H_

#include <sys/types.h>

#include <cstdint>

namespace marginalia::bench {

// User and system time of all threads so far, those that have ended included, in nanoseconds: the
// sum that /proc/PID/stat rounds to clock ticks. 0 when there is no such process.
std::int64_t CpuNanos(pid_t pid);

struct MemoryUse {
  double resident_mib = 0;      // VmRSS
  double proportional_mib = 0;  // Pss: pages shared with others count by share
};
MemoryUse MemoryOf(pid_t pid);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_PROCESS_USAGE_H_
