#include "tests/bench/pace.h"

namespace marginalia::bench {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

}  // namespace

std::int64_t Pace::DueNanos(std::int64_t call) const {
  // Whole seconds apart from the rest: call times a billion would overflow within three hours.
  const std::int64_t seconds = call / per_second_;
  const std::int64_t rest = call % per_second_;
  return start_nanos_ + seconds * kNanosPerSecond + rest * kNanosPerSecond / per_second_;
}

std::int64_t Pace::CallsDue(std::int64_t now_nanos) const {
  if (now_nanos < start_nanos_) return 0;
  const std::int64_t elapsed = now_nanos - start_nanos_;
  const std::int64_t seconds = elapsed / kNanosPerSecond;
  const std::int64_t rest = elapsed % kNanosPerSecond;
  std::int64_t calls = seconds * per_second_ + rest * per_second_ / kNanosPerSecond;
  // Division rounded both ways: settle on the last call that is due.
  while (DueNanos(calls) <= now_nanos) ++calls;
  while (calls > 0 && DueNanos(calls - 1) > now_nanos) --calls;
  return calls;
}

}  // namespace marginalia::bench
