// A process that is killed at any step of a transaction of the projection leaves, after a restart,
// every count as if it had never been killed. The child is this same program.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/projector/projection_under_test.h"
#include "tests/projector/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr int kKilled = 42;
constexpr int kGroupsBeforeDeath = 3;

// Ends the process, without any cleaning up, at one step of the third group.
class Killer final : public GroupParticipant {
 public:
  explicit Killer(std::string step) : step_(std::move(step)) {}
  void Begin(Connection&) override {
    ++groups_;
    DieAt("Begin");
  }
  void BeforeCommit(Connection&) override { DieAt("BeforeCommit"); }
  void Committed() override { DieAt("Committed"); }
  void RolledBack() override {}

 private:
  void DieAt(std::string_view step) const {
    if (groups_ == kGroupsBeforeDeath && step == step_) _exit(kKilled);
  }
  const std::string step_;
  int groups_ = 0;
};

[[noreturn]] void RunChild(const std::string& database_url, const std::string& comments_address,
                           const std::string& step) {
  Killer killer(step);
  ProjectionUnderTest projection(database_url, comments_address, {&killer});
  Await([] { return false; }, std::chrono::seconds(60));
  std::abort();
}

class ProjectionKillTest : public testing::TestWithParam<DatabaseKind> {};

INSTANTIATE_ON_EVERY_DATABASE(ProjectionKillTest);

TEST_P(ProjectionKillTest,
       CountsAreExactHoweverOftenTheProcessIsKilledBetweenApplyingAndRecording) {
  const std::string database_url = NewDatabaseUrl(GetParam());
  ScriptedComments comments;
  comments.SetBatchEventsMax(3);
  comments.SetSnapshotRowsMax(2);
  // Many messages, so that each child has several groups to apply, also after the snapshot.
  const auto comment = [&comments] {
    for (int i = 0; i < 1000; ++i) comments.Comment("northlight", i % 2 == 0 ? "a" : "b");
  };
  comments.OnSnapshotPage(comment);
  for (const std::string step : {"Begin", "BeforeCommit", "Committed", "BeforeCommit"}) {
    comment();
    ChildProcess child({"/proc/self/exe", "child", database_url, comments.address(), step});
    EXPECT_EQ(child.Wait(), kKilled) << step;
  }
  comments.OnSnapshotPage(nullptr);
  ProjectionUnderTest projection(database_url, comments.address());
  ASSERT_TRUE(projection.Reaches(comments.head()));
  for (const char* invoice : {"a", "b"}) {
    EXPECT_EQ(projection.CountOf("northlight", invoice).comment_count,
              comments.CountOf("northlight", invoice));
  }
  const auto verified = projection.Check(Rebuild::Kind::kVerify);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->rows_differing, 0);
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "child") {
    marginalia::RunChild(argv[2], argv[3], argv[4]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
