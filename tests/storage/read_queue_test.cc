#include "services/storage/connection/read_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/errors/errors.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using testing::ElementsAre;

// A queue whose one thread is held by a read from the start until GoOn.
class HeldQueue {
 public:
  explicit HeldQueue(std::size_t queued_max, absl::Duration wait_max = absl::Seconds(60))
      : queue_(1, queued_max, wait_max) {
    Hold();
    held_.get_future().wait();
  }

  void GoOn() { go_on_.set_value(); }
  void Submit(SteadyTime deadline = SteadyTime::Never()) {
    queue_.Submit(
        deadline,
        [this] {
          ++run_;
          return absl::OkStatus();
        },
        Answered());
  }
  void End() { queue_.End(); }

  // The reasons of those that were answered; empty of those that were run.
  std::vector<std::string> Reasons() {
    const std::lock_guard lock(mutex_);
    return reasons_;
  }
  bool AnsweredAre(std::size_t count) {
    return Await([this, count] { return Reasons().size() == count; });
  }
  int run() const { return run_; }

 private:
  // Again when a slow machine lets it wait for too long before it is run.
  void Hold() {
    queue_.Submit(
        SteadyTime::Never(),
        [this] {
          held_.set_value();
          go_on_.get_future().wait();
          return absl::OkStatus();
        },
        [this, answered = Answered()](const absl::Status& status) mutable {
          status.ok() ? answered(status) : Hold();
        });
  }
  ReadQueue::Done Answered() {
    return [this](const absl::Status& status) {
      const std::lock_guard lock(mutex_);
      reasons_.push_back(ReasonOf(status));
    };
  }

  std::promise<void> held_;
  std::promise<void> go_on_;
  std::mutex mutex_;
  std::vector<std::string> reasons_;
  int run_ = 0;
  ReadQueue queue_;
};

TEST(ReadQueueTest, WhatIsQueuedWhenItEndsIsAnsweredWithoutBeingRun) {
  HeldQueue queue(2);
  queue.Submit();
  queue.Submit();
  std::thread ending([&queue] { queue.End(); });
  EXPECT_TRUE(queue.AnsweredAre(2));
  EXPECT_THAT(queue.Reasons(), ElementsAre("DRAINING", "DRAINING"));
  // It waits for the one that runs.
  queue.GoOn();
  ending.join();
  queue.Submit();
  queue.End();
  EXPECT_THAT(queue.Reasons(), ElementsAre("DRAINING", "DRAINING", "", "DRAINING"));
  EXPECT_EQ(queue.run(), 0);
}

TEST(ReadQueueTest, WhoWaitsTooLongIsAnsweredWhileAnotherIsRun) {
  HeldQueue queue(2, absl::Milliseconds(1));
  queue.Submit(SteadyTime::Now());
  EXPECT_TRUE(queue.AnsweredAre(1));
  queue.Submit();
  EXPECT_TRUE(queue.AnsweredAre(2));
  EXPECT_THAT(queue.Reasons(), ElementsAre("DEADLINE_EXCEEDED", "STORAGE_UNAVAILABLE"));
  queue.GoOn();
  queue.End();
  EXPECT_EQ(queue.run(), 0);
}

TEST(ReadQueueTest, MoreThanItHoldsIsRefusedAtOnceAndTheRestIsRun) {
  HeldQueue queue(1);
  queue.Submit();
  queue.Submit();
  EXPECT_THAT(queue.Reasons(), ElementsAre("READ_QUEUE_FULL"));
  queue.GoOn();
  EXPECT_TRUE(queue.AnsweredAre(3));
  EXPECT_THAT(queue.Reasons(), ElementsAre("READ_QUEUE_FULL", "", ""));
  queue.End();
  EXPECT_EQ(queue.run(), 1);
}

}  // namespace
}  // namespace marginalia
