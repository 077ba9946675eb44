#include "services/identity/verification_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/errors/errors.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

// Takes tokens that begin with "good", and tells in which order it was asked.
class ScriptedVerifier : public TokenVerifier {
 public:
  absl::StatusOr<std::shared_ptr<const VerifiedToken>> Verify(std::string_view token) override {
    const std::lock_guard lock(mutex_);
    asked_.emplace_back(token);
    if (token.substr(0, 4) != "good") return absl::UnauthenticatedError("bad");
    return std::make_shared<const VerifiedToken>();
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> asked_;
};

class VerificationQueueTest : public testing::Test {
 protected:
  // Counts the answers in `answered`.
  void Verify(const std::string& host, const std::string& token, std::atomic<int>& answered) {
    queue_.Verify(host, token, [&answered](const auto&) { ++answered; });
  }
  // Leaves the host without any budget.
  void Exhaust(const std::string& host) {
    for (int i = 0; i < 2 * kTokenFailuresPerSecond; ++i) Verify(host, "bad", exhausted_);
    ASSERT_TRUE(Await([&] { return exhausted_ >= kTokenFailuresPerSecond; }));
  }

  ScriptedVerifier verifier_;
  // Members, since what still waits at the end of a test is answered until the queue is gone.
  std::atomic<int> exhausted_ = 0;
  std::atomic<int> refused_ = 0;
  VerificationQueue queue_{verifier_};
};

TEST_F(VerificationQueueTest, EachTokenIsAnsweredOnce) {
  std::atomic<int> good = 0;
  std::atomic<int> bad = 0;
  for (int i = 0; i < 50; ++i) {
    queue_.Verify("host", "good", [&](const auto& token) { good += token.ok(); });
    queue_.Verify("host", "bad", [&](const auto& token) { bad += !token.ok(); });
  }
  EXPECT_TRUE(Await([&] { return good == 50 && bad == 50; }));
  EXPECT_EQ(queue_.waiting(), 0U);
}

TEST_F(VerificationQueueTest, AHostThatSendsBadTokensWaitsAndOthersDoNot) {
  const Stopwatch stopwatch;
  Exhaust("flooder");
  std::atomic<int> answered = 0;
  for (int i = 0; i < 100; ++i) Verify("other", "good", answered);
  EXPECT_TRUE(Await([&] { return answered == 100; }));
  // The flooder's next has to wait until its bucket has room; what it sent goes on to be answered.
  EXPECT_TRUE(Await([&] { return exhausted_ == 2 * kTokenFailuresPerSecond; }));
  EXPECT_GE(stopwatch.elapsed(), absl::Milliseconds(500));
}

TEST_F(VerificationQueueTest, AGoodTokenOfAHostThatFloodsComesToItsTurn) {
  Exhaust("flooder");
  std::atomic<int> answered = 0;
  Verify("flooder", "good", answered);
  EXPECT_TRUE(Await([&] { return answered == 1; }));
}

TEST_F(VerificationQueueTest, AHostsTokensThatWaitAreBounded) {
  Exhaust("flooder");
  for (std::size_t i = 0; i < 2 * kHostVerificationsWaitingMax; ++i) {
    queue_.Verify("flooder", "bad", [this](const auto& token) {
      if (ReasonOf(token.status()) != "TOO_MANY_UNKNOWN_TOKENS") return;
      EXPECT_GT(RetryAfterOf(token.status()), absl::ZeroDuration());
      ++refused_;
    });
    ASSERT_LE(queue_.waiting(), kHostVerificationsWaitingMax);
  }
  std::atomic<int> answered = 0;
  Verify("other", "good", answered);
  EXPECT_TRUE(Await([&] { return answered == 1; }));
  EXPECT_TRUE(Await([&] { return refused_ > 0; }));
}

TEST_F(VerificationQueueTest, WhoIsRefusedHearsItLateSoThatAFloodIsSlow) {
  Exhaust("flooder");
  const Stopwatch stopwatch;
  for (std::size_t i = 0; i < kHostVerificationsWaitingMax; ++i)
    Verify("flooder", "bad", exhausted_);
  for (int i = 0; i < 10; ++i) {
    queue_.Verify("flooder", "bad", [&](const auto& token) {
      refused_ += ReasonOf(token.status()) == "TOO_MANY_UNKNOWN_TOKENS";
    });
  }
  EXPECT_TRUE(Await([&] { return refused_ == 10; }));
  EXPECT_GE(stopwatch.elapsed(), kRefusalDelay);
}

}  // namespace
}  // namespace marginalia
