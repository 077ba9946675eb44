// The one clock of all measurements.
#ifndef MARGINALIA_TESTS_BENCH_CLOCK_H_
#define MARGINALIA_TESTS_BENCH_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace marginalia::bench {

// Nanoseconds of the monotonic clock.
inline std::int64_t NowNanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_CLOCK_H_
