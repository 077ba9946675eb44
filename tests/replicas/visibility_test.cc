// While nothing is wrong, a comment that one replica has acknowledged shows on the next read
// through every other one, without a token, within a tenth of a second.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/faults/history.h"
#include "tests/replicas/replicas_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kVisibleMax{100};
constexpr std::chrono::milliseconds kNap{1};
constexpr std::chrono::seconds kHangMax{240};
constexpr int kPostsPerAttempt = 30;
// The machine may have other things to do than to run these processes: what it cannot do in one
// stretch it may do in the next.
constexpr int kAttemptsMax = 5;

// How late the machine wakes a thread at worst, measured for as long as this lives.
class SchedulingDelay {
 public:
  SchedulingDelay()
      : thread_([this] {
          while (!over_) {
            const auto begun = Clock::now();
            LetPass(kNap);
            const auto late = Clock::now() - begun - kNap;
            if (late > max_.load()) max_ = late;
          }
        }) {}
  ~SchedulingDelay() {
    over_ = true;
    thread_.join();
  }
  Clock::duration max() const { return max_; }

 private:
  std::atomic<bool> over_ = false;
  std::atomic<Clock::duration> max_ = Clock::duration::zero();
  std::thread thread_;
};

class VisibilityTest : public ReplicasFixture {
 protected:
  bool Shows(const std::string& comment_id, const Thread& thread, std::size_t replica) {
    comments::v1::ListCommentsRequest request;
    request.set_invoice_id(thread.invoice_id);
    comments::v1::ListCommentsResponse page;
    clients_.CallComments("ListComments", replica, token_,
                          [&](CommentsStub& stub, grpc::ClientContext& context) {
                            return stub.ListComments(&context, request, &page);
                          });
    return std::any_of(page.comments().begin(), page.comments().end(),
                       [&](const auto& comment) { return comment.comment_id() == comment_id; });
  }

  // From the acknowledgement to the beginning of the first read through `replica` that shows it.
  Clock::duration TimeUntilShown(const std::string& comment_id, const Thread& thread,
                                 std::size_t replica, Clock::time_point acknowledged) {
    while (true) {
      const auto asked = Clock::now();
      if (Shows(comment_id, thread, replica) || HasFailure()) return asked - acknowledged;
    }
  }

  Clock::duration WorstOf(int posts) {
    Clock::duration worst = Clock::duration::zero();
    for (int i = 0; i < posts && !HasFailure(); ++i) {
      const auto via = static_cast<std::size_t>(i);
      // The others have the page in their caches.
      for (std::size_t k = 1; k < kCommentsReplicas; ++k) Shows("", threads_[0], via + k);
      comments::v1::AddCommentRequest request;
      request.set_invoice_id(threads_[0].invoice_id);
      request.set_comment_id(RandomUuid());
      request.set_body("for all to see");
      comments::v1::AddCommentResponse answer;
      clients_.CallComments("AddComment", via, token_,
                            [&](CommentsStub& stub, grpc::ClientContext& context) {
                              return stub.AddComment(&context, request, &answer);
                            });
      const auto acknowledged = Clock::now();
      for (std::size_t k = 1; k < kCommentsReplicas; ++k) {
        worst = std::max(worst,
                         TimeUntilShown(request.comment_id(), threads_[0], via + k, acknowledged));
      }
    }
    return worst;
  }

  const std::string token_ = replicas_.Token("dana", "member", "northlight");
};

TEST_F(VisibilityTest, AnAcknowledgedCommentShowsThroughEveryReplicaWithinATenthOfASecond) {
  const Watchdog watchdog(kHangMax, notice_);
  using Milliseconds = std::chrono::duration<double, std::milli>;
  bool in_time = false;
  for (int attempt = 0; attempt < kAttemptsMax && !in_time && !HasFailure(); ++attempt) {
    const SchedulingDelay delay;
    const Clock::duration worst = WorstOf(kPostsPerAttempt);
    in_time = worst <= kVisibleMax + delay.max();
    RecordProperty("worst_ms", std::to_string(Milliseconds(worst).count()));
    RecordProperty("scheduling_delay_ms", std::to_string(Milliseconds(delay.max()).count()));
  }
  EXPECT_TRUE(in_time);
}

}  // namespace
}  // namespace marginalia
