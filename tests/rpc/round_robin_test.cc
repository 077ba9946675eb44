// Several replicas behind one target.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "services/rpc/client/channel.h"
#include "tests/rpc/counted_replica.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

class RoundRobinTest : public testing::Test {
 protected:
  void SetUp() override {
    // A call that comes before both are connected goes to the one that is.
    ASSERT_TRUE(Await([this] { return BothAnswer(); }));
  }

  bool BothAnswer() {
    const int first = first_.calls();
    const int second = second_.calls();
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(Get(channel_).ok());
    return first_.calls() > first && second_.calls() > second;
  }

  CountedReplica first_;
  CountedReplica second_;
  const std::shared_ptr<grpc::Channel> channel_ =
      ConnectTo(first_.address() + "," + second_.address());
};

TEST_F(RoundRobinTest, CallsGoToAllReplicasInTurn) {
  const int first = first_.calls();
  const int second = second_.calls();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Get(channel_).ok());
  EXPECT_EQ(first_.calls() - first, 50);
  EXPECT_EQ(second_.calls() - second, 50);
}

TEST_F(RoundRobinTest, WithOneKilledNoCallFailsAndItGetsCallsAgainWhenItIsBack) {
  second_.Kill();
  const int before = first_.calls();
  for (int i = 0; i < 100; ++i) {
    const grpc::Status status = Get(channel_);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_GE(first_.calls() - before, 100);
  second_.StartAgain();
  EXPECT_TRUE(Await([this] { return BothAnswer(); }));
}

TEST_F(RoundRobinTest, ACallUnderWayInAReplicaThatIsKilledIsAnsweredByAnother) {
  second_.Hold();
  first_.Hold();
  std::thread caller([this] { EXPECT_TRUE(Get(channel_).ok()); });
  EXPECT_TRUE(Await([this] { return first_.held() + second_.held() == 1; }));
  CountedReplica& asked = first_.held() == 1 ? first_ : second_;
  CountedReplica& other = first_.held() == 1 ? second_ : first_;
  other.Release();
  const int before = other.calls();
  asked.Kill();
  caller.join();
  EXPECT_EQ(other.calls(), before + 1);
}

}  // namespace
}  // namespace marginalia
