// The monitor, against real services whose database somebody else has in hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "comments-service/record/checkpoint.h"
#include "comments-service/record/merkle_tree.h"
#include "deploy/operator/audit/kept_checkpoint.h"
#include "deploy/operator/backup/sqlite_file.h"
#include "tests/operator/stack_under_operator.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class AuditMonitorTest : public OperatorTest {
 protected:
  std::vector<std::string> Arguments(std::vector<std::string> more) const {
    more.insert(more.begin(),
                {"audit-monitor", "--comments_address=" + processes_front(), "--state=" + state(),
                 "--token_path=" + File("alex.jwt"), "--key=" + processes_.checkpoint_key()});
    return more;
  }
  OperatorOutcome LookOnce() const { return RunOperator(Arguments({"--once"})); }
  std::string state() const { return File("seen"); }
  // The same over restarts.
  std::string processes_front() const {
    return const_cast<ThreeProcesses&>(processes_).comments_front().address();
  }

  void RestartComments(const std::vector<std::string>& more_flags = {}) {
    processes_.StartComments(more_flags);
  }
  // As somebody does who puts an older file in the place of the newer.
  void CopyDatabase(const std::string& from, const std::string& to) {
    for (const char* end : {"", "-wal", "-shm"}) {
      std::filesystem::remove(to + end);
      if (std::filesystem::exists(from + end)) std::filesystem::copy_file(from + end, to + end);
    }
  }
  static void ExpectBoth(const OperatorOutcome& outcome, const std::string& kept) {
    EXPECT_EQ(outcome.exit_code, 1) << outcome.error;
    EXPECT_THAT(outcome.error, HasSubstr("--- the checkpoint that was kept:\n" + kept));
    EXPECT_THAT(outcome.error, HasSubstr("--- the newest one:\nmarginalia.dev/"));
  }
};

TEST_F(AuditMonitorTest, ALogThatGrowsIsProvenToGrow) {
  OperatorOutcome looked = LookOnce();
  EXPECT_EQ(looked.exit_code, 0) << looked.error;
  EXPECT_THAT(looked.out, HasSubstr(": 0 entries, "));
  PostMany(5);
  looked = LookOnce();
  EXPECT_EQ(looked.exit_code, 0) << looked.error;
  EXPECT_THAT(looked.out, HasSubstr(": 5 entries, "));
  EXPECT_THAT(looked.out, HasSubstr("which continue the 0 before"));
  const std::string kept = ReadWhole(state());
  EXPECT_TRUE(OpenCheckpoint(kept, {{*VerifierKey::Parse(processes_.checkpoint_key())}}).ok());
  // What stands still is not told again.
  looked = LookOnce();
  EXPECT_EQ(looked.exit_code, 0) << looked.error;
  EXPECT_EQ(looked.out, "");
  EXPECT_EQ(ReadWhole(state()), kept);
  PostMany(300);
  looked = LookOnce();
  EXPECT_EQ(looked.exit_code, 0) << looked.error;
  EXPECT_THAT(looked.out, HasSubstr(": 305 entries, "));
  EXPECT_THAT(looked.out, HasSubstr("which continue the 5 before"));
}

TEST_F(AuditMonitorTest, ACutAndAForkEndItWithBothCheckpoints) {
  PostMany(3);
  StopComments();
  CopyDatabase(database(), File("older.db"));
  RestartComments();
  PostMany(2);
  ASSERT_EQ(LookOnce().exit_code, 0);
  const std::string kept = ReadWhole(state());
  StopComments();
  CopyDatabase(File("older.db"), database());
  RestartComments();
  OperatorOutcome looked = LookOnce();
  ExpectBoth(looked, kept);
  EXPECT_THAT(looked.error, HasSubstr("a cut: the log had 5 entries, and the service signs that it "
                                      "has 3"));
  // As many as before, then more.
  PostMany(2);
  looked = LookOnce();
  ExpectBoth(looked, kept);
  EXPECT_THAT(looked.error, HasSubstr("a fork: of 5 entries the service has signed two roots"));
  PostMany(4);
  looked = LookOnce();
  ExpectBoth(looked, kept);
  EXPECT_THAT(looked.error, HasSubstr("a fork: the log of 9 entries does not begin with the 5"));
  // What it holds against the service stays.
  EXPECT_EQ(ReadWhole(state()), kept);
}

TEST_F(AuditMonitorTest, AnotherLogIsToldEvenWhenItIsARestoredBackup) {
  PostMany(3);
  ASSERT_EQ(LookOnce().exit_code, 0);
  const std::string kept = ReadWhole(state());
  StopComments();
  RestartComments({"--start_new_log"});
  const OperatorOutcome looked = LookOnce();
  ExpectBoth(looked, kept);
  EXPECT_THAT(looked.error, HasSubstr("another log: the one that was watched is marginalia.dev/"));
  EXPECT_THAT(looked.error, HasSubstr("begin anew with another --state file"));
}

TEST_F(AuditMonitorTest, ItGoesOnOverARestartOfTheServiceAndEndsWhenItIsTold) {
  PostMany(2);
  OperatorRun monitor(Arguments({"--interval=1s"}));
  ASSERT_TRUE(Await([&] { return monitor.out().find(": 2 entries") != std::string::npos; }));
  processes_.comments().Kill();
  ASSERT_TRUE(Await([&] { return monitor.error().find("tries again") != std::string::npos; }));
  RestartComments();
  PostMany(1);
  ASSERT_TRUE(Await([&] { return monitor.out().find(": 3 entries") != std::string::npos; }));
  EXPECT_TRUE(Await([&] { return monitor.error().find("service is back") != std::string::npos; }));
  monitor.Terminate();
  const OperatorOutcome ended = monitor.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.error;
  EXPECT_EQ(LookOnce().out, "");
}

TEST_F(AuditMonitorTest, WhatKeepsItFromWatchingExitsWithTwo) {
  PostMany(1);
  std::vector<std::string> member = Arguments({"--once"});
  member[3] = "--token_path=" + File("dana.jwt");
  EXPECT_EQ(RunOperator(member).exit_code, 2);
  EXPECT_THAT(RunOperator(member).error, HasSubstr("ROLE_TOO_LOW"));
  // It does not go on without a token that may.
  member.back() = "--interval=1s";
  EXPECT_EQ(RunOperator(member).exit_code, 2);
  for (const char* interval : {"--interval=0s", "--interval=25h", "--interval=-1s"}) {
    const OperatorOutcome refused = RunOperator(Arguments({interval}));
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.error, HasSubstr("--interval must be from 1s to 24h"));
  }
  WriteWhole(state(), "no note");
  const OperatorOutcome damaged = LookOnce();
  EXPECT_EQ(damaged.exit_code, 2);
  EXPECT_THAT(damaged.error, HasSubstr("--state: "));
  std::filesystem::remove(state());
  std::vector<std::string> unwritable = Arguments({"--once"});
  unwritable[2] = "--state=" + File("no/folder");
  EXPECT_EQ(RunOperator(unwritable).exit_code, 2);
  StopComments();
  EXPECT_EQ(LookOnce().exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(AuditMonitorTest, ARecordThatTheServiceCannotReadIsNoOutage) {
  PostMany(2);
  ASSERT_EQ(LookOnce().exit_code, 0);
  StopComments();
  {
    const auto file = SqliteFile::Open(database(), SqliteAccess::kPrivate);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Run("UPDATE audit_entries SET hash = 'damaged'").ok());
  }
  RestartComments();
  const OperatorOutcome ended = RunOperator(Arguments({"--interval=1s"}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.error, HasSubstr("RECORD_DAMAGED"));
}

TEST_F(AuditMonitorTest, ASignatureOfNobodyEndsIt) {
  PostMany(1);
  std::vector<std::string> stranger = Arguments({"--once"});
  stranger[4] = "--key=" + SigningKey::Make().Verifier(kCheckpointKeyName).Text();
  const OperatorOutcome looked = RunOperator(stranger);
  EXPECT_EQ(looked.exit_code, 1);
  EXPECT_THAT(looked.error, HasSubstr("the newest checkpoint: "));
  EXPECT_THAT(looked.error, HasSubstr("--- the newest one:\nmarginalia.dev/"));
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(AuditMonitorTest, AThreadIsExportedAsEvidenceThatVerifiesWithoutTheService) {
  PostMany(3);
  const auto exported = [this](const std::string& token, const std::string& to) {
    return RunOperator({"evidence-export", "--comments_address=" + processes_front(),
                        "--token_path=" + File(token), "--invoice=INV-1", "--to=" + to});
  };
  const OperatorOutcome written = exported("alex.jwt", File("evidence"));
  ASSERT_EQ(written.exit_code, 0) << written.error;
  EXPECT_EQ(written.out,
            "exported the thread of " + invoice_ + ", with a checkpoint of 3 entries\n");
  EXPECT_EQ(exported("dana.jwt", "-").out, ReadWhole(File("evidence")));
  EXPECT_EQ(exported("alex.jwt", File("evidence")).exit_code, 2);
  StopComments();
  const OperatorOutcome verified = RunOperator(
      {"evidence-verify", "--from=" + File("evidence"), "--key=" + processes_.checkpoint_key()});
  EXPECT_EQ(verified.exit_code, 0) << verified.error;
  EXPECT_THAT(verified.out, HasSubstr("3 texts are word for word what their entries committed to"));
  EXPECT_THAT(verified.out, HasSubstr("All that this file says holds."));
  EXPECT_EQ(exported("alex.jwt", File("away")).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(File("away")));
}

Checkpoint CheckpointOf(const GrowingTree& tree) {
  return {.origin = "marginalia.dev/0/org", .size = tree.size(), .root = tree.Root()};
}

TEST(KeptCheckpointTest, OnlyAProofOfGrowthIsOne) {
  GrowingTree tree;
  const auto leaf = [](int i) { return Sha256Of(std::to_string(i)); };
  for (int i = 0; i < 4; ++i) tree.Add(leaf(i));
  const Checkpoint kept = CheckpointOf(tree);
  for (int i = 4; i < 8; ++i) tree.Add(leaf(i));
  const Checkpoint newer = CheckpointOf(tree);
  GrowingTree right;
  for (int i = 4; i < 8; ++i) right.Add(leaf(i));
  EXPECT_TRUE(CheckGrowth(kept, newer, {{right.Root()}}).ok());
  EXPECT_TRUE(CheckGrowth(kept, kept, {}).ok());
  for (const std::vector<Digest>& proof :
       {std::vector<Digest>{}, {Digest{}}, {right.Root(), right.Root()}}) {
    EXPECT_TRUE(absl::IsDataLoss(CheckGrowth(kept, newer, proof)));
  }
}

TEST(KeptCheckpointTest, AFileIsReplacedAtOnce) {
  const TempDir directory;
  ASSERT_TRUE(ReplaceFile(directory.File("kept"), "one").ok());
  ASSERT_TRUE(ReplaceFile(directory.File("kept"), "two").ok());
  EXPECT_EQ(ReadWhole(directory.File("kept")), "two");
  EXPECT_FALSE(std::filesystem::exists(directory.File("kept.new")));
  EXPECT_FALSE(ReplaceFile(directory.File("no/kept"), "three").ok());
}

}  // namespace
}  // namespace marginalia
