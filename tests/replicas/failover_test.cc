// The primary is lost and its synchronous standby takes over, under load: nothing that was
// acknowledged is lost, and the services find the new primary by themselves.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/replicas/replicas_fixture.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kHangMax{240};

class FailoverTest : public testing::Test {
 protected:
  PostgresNode primary_;
  const std::unique_ptr<PostgresNode> standby_ = PostgresNode::StandbyOf(primary_);
  FaultNotice notice_;
  ReplicaSet replicas_{{.node = &primary_,
                        .database_parameters = absl::StrCat("host=", primary_.socket_directory(),
                                                            ",", standby_->socket_directory(),
                                                            "&target_session_attrs=read-write")}};
  ReplicaClients clients_{replicas_, notice_};
  const std::vector<Thread> threads_ =
      MakeThreads(replicas_, clients_, {"northlight", "harbor"}, 2);
  ReplicaHistory history_;
};

TEST_F(FailoverTest, TheServicesGoOnAtThePromotedStandbyAndNothingAcknowledgedIsLost) {
  const Watchdog watchdog(kHangMax, notice_);
  Watchers watchers(replicas_, clients_, threads_);
  const auto records = WatchRecords(replicas_, {"northlight", "harbor"});
  const std::vector<std::string> comments = {"comments-0", "comments-1", "comments-2"};
  {
    Posters posters(replicas_, clients_, threads_, history_);
    EXPECT_TRUE(history_.AwaitMoreFromEach(comments, 20, std::chrono::seconds(60)));
    EXPECT_TRUE(records->AwaitGrowth(1, std::chrono::seconds(60)));
    notice_.Begin("the primary is lost", /*database_gone=*/true);
    primary_.Stop(SIGKILL);
    standby_->Promote();
    notice_.End();
    EXPECT_TRUE(history_.AwaitMoreFromEach(comments, 20, std::chrono::seconds(60)))
        << "the services do not find the new primary";
    EXPECT_TRUE(records->AwaitGrowth(1, std::chrono::seconds(60)));
  }
  // What was signed at the old primary holds at the new one.
  EXPECT_THAT(records->contradictions(), testing::IsEmpty());
  ASSERT_FALSE(HasFailure());
  watchers.AwaitAllOf(history_);
  history_.Check(replicas_, clients_, threads_);
}

}  // namespace
}  // namespace marginalia
