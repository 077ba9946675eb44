#include "services/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "services/telemetry/process_metrics.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(metrics_.Serve("127.0.0.1:0").ok()); }

  std::string Scrape() {
    HttpClient client(metrics_.address());
    const HttpAnswer answer = client.Get("/metrics");
    EXPECT_EQ(answer.status, 200);
    return answer.body;
  }

  Metrics metrics_;
};

TEST_F(MetricsTest, ACounterCountsByLabel) {
  metrics_.AddCounter("marginalia_things_total", "Things.", {{"kind", "a"}})->Add();
  metrics_.AddCounter("marginalia_things_total", "Things.", {{"kind", "b"}})->Add(41);
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("marginalia_things_total{kind=\"a\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_things_total{kind=\"b\"} 41\n"));
}

TEST_F(MetricsTest, AHistogramHasBucketsFromAHundredMicrosecondsToTenSeconds) {
  metrics_.AddHistogram("marginalia_wait_seconds", "Waits.")->Observe(0.002);
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("marginalia_wait_seconds_bucket{le=\"0.0001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_wait_seconds_bucket{le=\"0.0025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_wait_seconds_bucket{le=\"10\"} 1\n"));
}

TEST_F(MetricsTest, AGaugeIsAskedAtEveryScrape) {
  double value = 1;
  metrics_.AddGauge("marginalia_depth", "Depth.", {{"queue", "a"}}, [&value] { return value; });
  metrics_.AddGauge("marginalia_depth", "Depth.", {{"queue", "b"}}, [] { return 7.0; });
  EXPECT_THAT(Scrape(), HasSubstr("marginalia_depth{queue=\"a\"} 1\n"));
  value = 2;
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("marginalia_depth{queue=\"a\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_depth{queue=\"b\"} 7\n"));
}

TEST_F(MetricsTest, WhatIsCountedElsewhereIsAskedForAsWell) {
  Distribution sizes(kSizeBounds);
  metrics_.AddHistogram("marginalia_sizes", "Sizes.", {}, sizes);
  metrics_.AddCounter("marginalia_asked_total", "Asked.", {{"kind", "a"}}, [] { return 3.0; });
  for (const double size : {1.0, 2.0, 3.0, 5000.0}) sizes.Observe(size);
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("# TYPE marginalia_sizes histogram\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_sizes_count 4\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_sizes_sum 5006\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_sizes_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_sizes_bucket{le=\"2\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_sizes_bucket{le=\"4\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_sizes_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE marginalia_asked_total counter\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_asked_total{kind=\"a\"} 3\n"));
}

TEST(ProcessMetricsTest, AProcessThatCanOpenNoMoreFilesSaysThatAllAreOpen) {
  rlimit given{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &given), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = given.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : ProcessMetrics()) {
    values[family.name] = family.metric.front().gauge.value;
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &given), 0);
  EXPECT_EQ(values.at("process_open_fds"), 3);
  EXPECT_EQ(values.at("process_max_fds"), 3);
  EXPECT_TRUE(std::isnan(values.at("process_resident_memory_bytes")));
}

TEST_F(MetricsTest, AProcessSaysWhenItStartedAndWhatItWasBuiltFrom) {
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("# TYPE process_start_time_seconds gauge\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE process_max_fds gauge\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_build_info{compiler=\""));
}

TEST_F(MetricsTest, CallsAreCountedByCodeFromManyThreads) {
  constexpr int kCalls = 1000;
  CallMetrics* call = metrics_.AddCall("a.B", "C", "unary");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([call] {
      for (int n = 0; n < kCalls; ++n) call->Ended(absl::StatusCode::kOk, absl::Milliseconds(1));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"C\","
                              "grpc_service=\"a.B\",grpc_type=\"unary\"} 4000\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_count{grpc_method=\"C\","
                              "grpc_service=\"a.B\",grpc_type=\"unary\"} 4000\n"));
  EXPECT_THAT(text, Not(HasSubstr("grpc_code=\"NOT_FOUND\"")));
}

TEST_F(MetricsTest, TheProcessTellsAboutItself) {
  const std::string text = Scrape();
  EXPECT_THAT(text, HasSubstr("# TYPE marginalia_log_lines_dropped_total counter\n"));
  EXPECT_THAT(text, HasSubstr("process_cpu_seconds_total "));
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(text, HasSubstr("process_open_fds "));
}

TEST_F(MetricsTest, ATakenAddressIsRefusedByName) {
  Metrics second;
  const absl::Status status = second.Serve(metrics_.address());
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(metrics_.address()));
}

}  // namespace
}  // namespace marginalia
