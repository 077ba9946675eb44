#include "services/telemetry/tracer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/telemetry/trace.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using ::testing::ElementsAre;

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kUnsampled[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

class CountedSpans : public Counter {
 public:
  void Add(std::int64_t amount) override { count_ += amount; }
  std::int64_t count() const { return count_; }

 private:
  std::atomic<std::int64_t> count_ = 0;
};

Span Named(std::string name) {
  Span span;
  span.name = std::move(name);
  return span;
}

class TracerTest : public testing::Test {
 protected:
  TracerCounters counters() { return {&exported_, &queue_full_, &not_taken_}; }

  Tracer::Send TakesAll() {
    return [this](const std::vector<Span>& spans, absl::Duration) {
      const std::lock_guard lock(mutex_);
      for (const Span& span : spans) names_.push_back(span.name);
      return spans.size();
    };
  }

  CountedSpans exported_, queue_full_, not_taken_;
  std::mutex mutex_;
  std::vector<std::string> names_;  // guarded by mutex_
};

TEST_F(TracerTest, WhatIsQueuedIsSentInOrderBeforeItEnds) {
  {
    Tracer tracer(1, TakesAll(), counters());
    for (const char* name : {"a", "b", "c"}) tracer.Record(Named(name));
  }
  EXPECT_THAT(names_, ElementsAre("a", "b", "c"));
  EXPECT_EQ(exported_.count(), 3);
  EXPECT_EQ(queue_full_.count() + not_taken_.count(), 0);
}

TEST_F(TracerTest, ASpanAloneIsSentWithoutWaitingForTheEnd) {
  Tracer tracer(1, TakesAll(), counters());
  tracer.Record(Named("alone"));
  EXPECT_TRUE(Await([&] { return exported_.count() == 1; }));
}

TEST_F(TracerTest, ACollectorThatHangsHoldsNobodyAndWhatDoesNotFitIsDroppedAndCounted) {
  constexpr std::int64_t kMore = 100;
  std::promise<void> go_on;
  std::atomic<bool> sending = false;
  {
    Tracer tracer(
        1,
        [&](const std::vector<Span>& spans, absl::Duration) {
          if (!sending.exchange(true)) go_on.get_future().wait();
          return spans.size();
        },
        counters());
    for (std::size_t i = 0; i < kSpansPerBatchMax; ++i) tracer.Record(Named("held"));
    ASSERT_TRUE(Await([&] { return sending.load(); }));
    for (std::size_t i = 0; i < kSpansQueuedMax + kMore; ++i) tracer.Record(Named("queued"));
    EXPECT_EQ(queue_full_.count(), kMore);
    go_on.set_value();
  }
  EXPECT_EQ(exported_.count(), static_cast<std::int64_t>(kSpansPerBatchMax + kSpansQueuedMax));
}

TEST_F(TracerTest, WhatTheCollectorDoesNotTakeIsCounted) {
  {
    Tracer(
        1, [](const std::vector<Span>&, absl::Duration) { return 1; }, counters())
        .Record({});
  }
  {
    Tracer tracer(
        1, [](const std::vector<Span>&, absl::Duration) { return 0; }, counters());
    tracer.Record({});
    tracer.Record({});
  }
  EXPECT_EQ(exported_.count(), 1);
  EXPECT_EQ(not_taken_.count(), 2);
}

TEST_F(TracerTest, AtTheEndACollectorIsWaitedForAShortWhileOnly) {
  std::vector<absl::Duration> waits;
  {
    Tracer tracer(
        1,
        [&waits](const std::vector<Span>&, absl::Duration wait_max) {
          waits.push_back(wait_max);
          return 0;
        },
        counters());
    for (std::size_t i = 0; i < kSpansPerBatchMax + 1; ++i) tracer.Record({});
  }
  ASSERT_FALSE(waits.empty());
  for (const absl::Duration wait : waits) EXPECT_LE(wait, kExportWaitMax);
  EXPECT_LE(waits.back(), kFlushWaitMax);
}

TEST_F(TracerTest, NewTracesAreSampledByTheRatioAndOthersByTheirFlag) {
  Tracer never(0, TakesAll(), {});
  Tracer half(0.5, TakesAll(), {});
  int recorded = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(BeginTrace(&never).recorded());
    recorded += BeginTrace(&half).recorded() ? 1 : 0;
  }
  // Six standard deviations.
  EXPECT_NEAR(recorded, 500, 100);
  EXPECT_TRUE(ContinueTrace(kTraceparent, "", &never).recorded());
  EXPECT_FALSE(ContinueTrace(kUnsampled, "", &half).recorded());
}

TEST_F(TracerTest, ATraceIsContinuedByASpanOfItsOwnWhoseParentIsTheCaller) {
  Tracer tracer(1, TakesAll(), {});
  const Trace trace = ContinueTrace(kTraceparent, "rojo=1", &tracer);
  EXPECT_EQ(TraceIdText(trace.context), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(SpanIdText(trace.parent_span_id), "b7ad6b7169203331");
  EXPECT_NE(trace.context.span_id, trace.parent_span_id);
  EXPECT_EQ(trace.context.state, "rojo=1");
  const Trace part = PartOf(trace);
  EXPECT_EQ(part.context.trace_id, trace.context.trace_id);
  EXPECT_EQ(part.parent_span_id, trace.context.span_id);
  EXPECT_NE(part.context.span_id, trace.context.span_id);
  EXPECT_EQ(part.context.state, "rojo=1");
}

TEST_F(TracerTest, WithoutATracerATraceIsPassedOnAsItCameAndNoneIsBegun) {
  const Trace trace = ContinueTrace(kTraceparent, "rojo=1", nullptr);
  EXPECT_EQ(FormatTraceparent(PartOf(trace).context), kTraceparent);
  EXPECT_EQ(PartOf(trace).context.state, "rojo=1");
  EXPECT_FALSE(trace.recorded());
  EXPECT_FALSE(ContinueTrace("", "rojo=1", nullptr).present());
  EXPECT_FALSE(PartOf(BeginTrace(nullptr)).present());
}

TEST_F(TracerTest, ABadTraceparentBeginsANewTraceWithoutTheTracestateThatCameWithIt) {
  Tracer tracer(1, TakesAll(), {});
  for (Tracer* each : {static_cast<Tracer*>(nullptr), &tracer}) {
    const Trace trace = ContinueTrace("00-bad", "rojo=1", each);
    EXPECT_TRUE(trace.present());
    EXPECT_EQ(trace.parent_span_id, 0U);
    EXPECT_EQ(trace.context.state, "");
    EXPECT_EQ(trace.recorded(), each != nullptr);
  }
}

TEST_F(TracerTest, ABadTracestateIsDroppedAndTheTraceGoesOn) {
  const Trace trace = ContinueTrace(kTraceparent, "rojo=1\r\nx: y", nullptr);
  EXPECT_EQ(FormatTraceparent(trace.context), kTraceparent);
  EXPECT_EQ(trace.context.state, "");
}

}  // namespace
}  // namespace marginalia
