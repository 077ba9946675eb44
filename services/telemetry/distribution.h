// Counts values by size, inside of what it measures: a scrape asks for it (Metrics::AddHistogram),
// so that what is measured knows no metrics and may outlive them. Thread-safe, and never waits.
#ifndef MARGINALIA_SERVICES_TELEMETRY_DISTRIBUTION_H_
#define MARGINALIA_SERVICES_TELEMETRY_DISTRIBUTION_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace marginalia {

inline constexpr std::size_t kBoundsMax = 31;

// From a tenth of a millisecond to ten seconds.
inline constexpr double kSecondsBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                            0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                            1,      2.5,     5,      10};
inline constexpr double kSizeBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

class Distribution {
 public:
  // `bounds`, at most kBoundsMax, rise; each is the largest value that its bucket counts.
  explicit Distribution(std::span<const double> bounds) : bounds_(bounds) {}

  void Observe(double value) {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  std::span<const double> bounds() const { return bounds_; }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

  // Of each bucket, with the one beyond the last bound.
  std::vector<std::uint64_t> Counts() const {
    std::vector<std::uint64_t> counts;
    for (std::size_t i = 0; i <= bounds_.size(); ++i) {
      counts.push_back(counts_[i].load(std::memory_order_relaxed));
    }
    return counts;
  }

 private:
  const std::span<const double> bounds_;
  std::array<std::atomic<std::uint64_t>, kBoundsMax + 1> counts_{};
  std::atomic<double> sum_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_DISTRIBUTION_H_
