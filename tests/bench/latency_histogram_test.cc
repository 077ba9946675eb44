#include "tests/bench/latency_histogram.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace marginalia::bench {
namespace {

constexpr double kErrorMax = 1.0 / 128;

TEST(LatencyHistogramTest, AnEmptyHistogramAnswersZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.Percentile(50), 0);
  EXPECT_EQ(histogram.Percentile(100), 0);
}

TEST(LatencyHistogramTest, PercentilesOfAThousandValuesAreWithinTheError) {
  LatencyHistogram histogram;
  for (std::int64_t micros = 1; micros <= 1000; ++micros) histogram.Record(micros * 1000);
  EXPECT_EQ(histogram.count(), 1000);
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
    const double truth = percent * 10 * 1000;
    EXPECT_GE(histogram.Percentile(percent), truth) << percent;
    EXPECT_LE(histogram.Percentile(percent), truth * (1 + kErrorMax)) << percent;
  }
  EXPECT_EQ(histogram.Percentile(100), 1'000'000);
}

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (const std::int64_t nanos : {0, 1, 2, 127, 128}) histogram.Record(nanos);
  EXPECT_EQ(histogram.Percentile(20), 0);
  EXPECT_EQ(histogram.Percentile(40), 1);
  EXPECT_EQ(histogram.Percentile(60), 2);
  EXPECT_EQ(histogram.Percentile(80), 127);
  EXPECT_EQ(histogram.Percentile(100), 128);
}

TEST(LatencyHistogramTest, APercentileNeverExceedsTheLargestValue) {
  LatencyHistogram histogram;
  histogram.Record(1'000'003);
  EXPECT_EQ(histogram.Percentile(1), 1'000'003);
  EXPECT_EQ(histogram.max_nanos(), 1'000'003);
}

TEST(LatencyHistogramTest, ANegativeDurationCountsAsZero) {
  LatencyHistogram histogram;
  histogram.Record(-5);
  EXPECT_EQ(histogram.count(), 1);
  EXPECT_EQ(histogram.Percentile(100), 0);
}

TEST(LatencyHistogramTest, TheLargestDurationHasABucket) {
  LatencyHistogram histogram;
  histogram.Record(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(histogram.Percentile(50), std::numeric_limits<std::int64_t>::max());
}

TEST(LatencyHistogramTest, AddingAHistogramIsRecordingItsValues) {
  LatencyHistogram low;
  LatencyHistogram high;
  for (int i = 0; i < 99; ++i) low.Record(100);
  high.Record(50'000);
  low.Add(high);
  EXPECT_EQ(low.count(), 100);
  EXPECT_EQ(low.Percentile(99), 100);
  EXPECT_EQ(low.Percentile(99.5), 50'000);
}

}  // namespace
}  // namespace marginalia::bench
