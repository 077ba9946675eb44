// When each call of an open loop is due. A latency is counted from that time and not from when the
// call was sent: a generator that was held up itself must not hide what callers would have waited
// ("coordinated omission"). A plain value.
#ifndef MARGINALIA_TESTS_BENCH_PACE_H_
#define MARGINALIA_TESTS_BENCH_PACE_H_

#include <cstdint>

namespace marginalia::bench {

class Pace {
 public:
  // `start_nanos` is when call 0 is due; `per_second` is above 0.
  Pace(std::int64_t start_nanos, std::int64_t per_second)
      : start_nanos_(start_nanos), per_second_(per_second) {}

  // When call 0, 1, 2 … is due. Worked out from the start each time, so that it never drifts.
  std::int64_t DueNanos(std::int64_t call) const;

  // How many calls are due at `now_nanos` or before.
  std::int64_t CallsDue(std::int64_t now_nanos) const;

 private:
  std::int64_t start_nanos_;
  std::int64_t per_second_;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_PACE_H_
