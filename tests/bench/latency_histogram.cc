#include "tests/bench/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace marginalia::bench {
namespace {

constexpr int kStepBits = 7;
constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
// Values below kSteps have a bucket each; every further power of two has kSteps of them.
constexpr std::size_t kBuckets = (64 - kStepBits + 1) * kSteps;

}  // namespace

LatencyHistogram::LatencyHistogram() : counts_(kBuckets, 0) {}

std::size_t LatencyHistogram::BucketOf(std::uint64_t nanos) {
  if (nanos < kSteps) return nanos;
  const int shift = std::bit_width(nanos) - 1 - kStepBits;
  return (static_cast<std::size_t>(shift) + 1) * kSteps + ((nanos >> shift) - kSteps);
}

std::uint64_t LatencyHistogram::UpperBoundOf(std::size_t bucket) {
  if (bucket < kSteps) return bucket;
  const std::size_t shift = bucket / kSteps - 1;
  const std::uint64_t step = bucket % kSteps + kSteps;
  return ((step + 1) << shift) - 1;
}

void LatencyHistogram::Record(std::int64_t nanos) {
  nanos = std::max<std::int64_t>(nanos, 0);
  ++counts_[BucketOf(static_cast<std::uint64_t>(nanos))];
  ++count_;
  max_ = std::max(max_, nanos);
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(),
                 std::plus<>());
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::int64_t LatencyHistogram::Percentile(double percent) const {
  const auto wanted =
      static_cast<std::int64_t>(std::ceil(static_cast<double>(count_) * percent / 100.0));
  std::int64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted && seen > 0) {
      return std::min(static_cast<std::int64_t>(UpperBoundOf(bucket)), max_);
    }
  }
  return 0;
}

}  // namespace marginalia::bench
