// Counts durations in buckets that grow with the value, as HdrHistogram does: 128 linear steps for
// each power of two, so a percentile is at most 0.8 % above the truth, whatever its size. A plain
// value: one thread at a time.
#ifndef MARGINALIA_TESTS_BENCH_LATENCY_HISTOGRAM_H_
#define MARGINALIA_TESTS_BENCH_LATENCY_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace marginalia::bench {

class LatencyHistogram {
 public:
  LatencyHistogram();

  // Negative durations count as 0: what arrived before it was expected was not late.
  void Record(std::int64_t nanos);
  void Add(const LatencyHistogram& other);

  std::int64_t count() const { return count_; }
  std::int64_t max_nanos() const { return max_; }

  // The smallest recorded bucket bound that at least `percent` of all values do not exceed; 0 while
  // nothing was recorded. `percent` is within (0, 100].
  std::int64_t Percentile(double percent) const;

 private:
  static std::size_t BucketOf(std::uint64_t nanos);
  static std::uint64_t UpperBoundOf(std::size_t bucket);

  std::vector<std::int64_t> counts_;
  std::int64_t count_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_LATENCY_HISTOGRAM_H_
