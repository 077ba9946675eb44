#include "services/rpc/gate/late_refusals.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "services/errors/errors.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

absl::Status TooMuch(std::string_view reason, const ErrorMetadata& metadata = {}) {
  return Refusal(absl::StatusCode::kResourceExhausted, reason, "too much", metadata,
                 absl::Seconds(1));
}

TEST(LateRefusalsTest, WhatACallerHasHadTooMuchOfIsToldLateAndInOrder) {
  LateRefusals refusals;
  std::mutex mutex;
  std::vector<int> told;
  const Stopwatch since;
  for (int i = 0; i < 3; ++i) {
    refusals.Tell(TooMuch("RATE_LIMITED"), [&, i] {
      const std::lock_guard lock(mutex);
      EXPECT_GE(since.elapsed(), kLateRefusalDelay);
      told.push_back(i);
    });
  }
  EXPECT_TRUE(Await([&] {
    const std::lock_guard lock(mutex);
    return told.size() == 3;
  }));
  EXPECT_EQ(told, (std::vector<int>{0, 1, 2}));
}

TEST(LateRefusalsTest, WhatOthersMayHaveTakenIsToldAtOnce) {
  LateRefusals refusals;
  for (const absl::Status& refused :
       {TooMuch("TOO_MANY_CALLS"), TooMuch("TOKEN_INVALID"), absl::CancelledError()}) {
    bool told = false;
    refusals.Tell(refused, [&] { told = true; });
    EXPECT_TRUE(told) << refused;
  }
  for (const char* reason :
       {"TOO_MANY_CALLS", "TOO_MANY_WATCHERS", "TOO_MANY_REFLECTION_STREAMS"}) {
    EXPECT_TRUE(LateRefusals::ComesLate(TooMuch(reason, {{"limit", "caller"}}))) << reason;
    EXPECT_FALSE(LateRefusals::ComesLate(TooMuch(reason))) << reason;
  }
}

TEST(LateRefusalsTest, ThoseThatWaitToBeToldAreBounded) {
  std::atomic<std::size_t> told = 0;
  {
    LateRefusals refusals;
    // Its thread tells no more until this one has been told.
    std::atomic<bool> held = false;
    std::atomic<bool> go_on = false;
    refusals.Tell(TooMuch("RATE_LIMITED"), [&] {
      held = true;
      while (!go_on) std::this_thread::yield();
    });
    ASSERT_TRUE(Await([&] { return held.load(); }));
    for (std::size_t i = 0; i < kLateRefusalsMax + 10; ++i) {
      refusals.Tell(TooMuch("RATE_LIMITED"), [&] { ++told; });
    }
    EXPECT_EQ(told, 10U);
    go_on = true;
    EXPECT_TRUE(Await([&] { return told == kLateRefusalsMax + 10; }));
  }
}

}  // namespace
}  // namespace marginalia
