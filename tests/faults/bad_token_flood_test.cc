// Many connections send tokens that nobody signed, as fast as they are answered: they are answered
// slowly, and nobody else notices.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "services/identity/token_verifier.h"
#include "services/process/stopwatch.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"
#include "tests/support/token_flood.h"

namespace marginalia {
namespace {

constexpr std::size_t kConnections = 1000;
constexpr int kCalls = 200;

class BadTokenFloodTest : public testing::Test {
 protected:
  // How long calls of somebody whose token is known take, in order.
  std::vector<absl::Duration> Calls() {
    HttpClient client(processes_.gateway().address());
    std::vector<absl::Duration> took;
    for (int i = 0; i < kCalls; ++i) {
      const Stopwatch stopwatch;
      const HttpAnswer answer =
          client.Get("/api/activity", {{"Authorization", "Bearer " + token_}});
      took.push_back(stopwatch.elapsed());
      EXPECT_EQ(answer.status, 200) << answer.body;
    }
    std::sort(took.begin(), took.end());
    return took;
  }

  ThreeProcesses processes_;
  const std::string token_ = processes_.Token("dana", "member");
};

TEST_F(BadTokenFloodTest, WhoeverFloodsIsAnsweredSlowlyAndNobodyElseNotices) {
  const absl::Duration quiet = Calls()[kCalls * 99 / 100];
  const Stopwatch stopwatch;
  TokenFlood flood(processes_.gateway().address(), token_, kConnections);
  ASSERT_TRUE(Await([&] { return flood.sent() >= static_cast<int>(kConnections); }));
  const absl::Duration beside = Calls()[kCalls * 99 / 100];
  // No more than it may have verified: its burst, and so many a second.
  const double most = kTokenFailuresPerSecond * (2 + absl::ToDoubleSeconds(stopwatch.elapsed()));
  EXPECT_LE(flood.answered(), most);
  RecordProperty("p99_quiet", absl::FormatDuration(quiet));
  RecordProperty("p99_beside", absl::FormatDuration(beside));
  // Somebody new from elsewhere, or even from there, comes to his turn.
  HttpClient client(processes_.gateway().address(), std::chrono::seconds(60));
  const std::string priya = processes_.Token("priya", "member");
  EXPECT_EQ(client.Get("/api/activity", {{"Authorization", "Bearer " + priya}}).status, 200);
}

}  // namespace
}  // namespace marginalia
