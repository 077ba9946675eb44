// Backups of a live database: whole, named only when verified, and without touching the service's
// write-ahead log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "deploy/operator/backup/database_facts.h"
#include "tests/operator/stack_under_operator.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

class BackupTest : public OperatorTest {
 protected:
  // What stands in the folder under a name that begins with `name`.
  std::set<std::string> NamesLike(const std::string& name) const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(processes_.directory().path())) {
      const std::string found = entry.path().filename();
      if (found.rfind(name, 0) == 0) names.insert(found);
    }
    return names;
  }
};

TEST_F(BackupTest, ABackupUnderLoadHoldsAllThatWasAcknowledgedBeforeIt) {
  History history;
  const std::vector<std::string> invoices = {invoice_, processes_.NewInvoice("INV-2")};
  PostingLoad load(processes_, invoices, /*threads=*/8, history);
  for (int round = 0; round < 3; ++round) {
    load.AwaitMore(100);
    const auto acknowledged = static_cast<std::int64_t>(history.size());
    const std::string name = "backup-" + std::to_string(round);
    const OperatorOutcome outcome = BackUp(File(name));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
    EXPECT_EQ(NamesLike(name), std::set<std::string>{name});
    const auto facts = CheckFile(File(name));
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_GE(facts->count, acknowledged);
    EXPECT_EQ(Printed(outcome, "head"), std::to_string(facts->position));
    EXPECT_EQ(Printed(outcome, "log id"), facts->log_id);
    EXPECT_THAT(Printed(outcome, "audit head"),
                HasSubstr("northlight entries " + std::to_string(facts->count)));
    EXPECT_EQ(Printed(outcome, "bytes"), std::to_string(std::filesystem::file_size(File(name))));
    EXPECT_EQ(Printed(outcome, "sha256").size(), 64u);
  }
  load.AwaitMore(100);
  load.Stop();
  history.Check(processes_, invoices);
}

TEST_F(BackupTest, ABackupOfInvoicesHoldsThePositionOfTheirProjection) {
  ASSERT_EQ(CountIncluding(PostMany(3).consistency_token()), 3);
  const OperatorOutcome outcome = RunOperator(
      {"backup", "--database_url=" + processes_.invoices_url(), "--to=" + File("invoices-backup")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(Printed(outcome, "database"), "invoice-service");
  EXPECT_EQ(Printed(outcome, "projection"), "3");
  EXPECT_EQ(Printed(outcome, "invoices"), "1");
}

TEST_F(BackupTest, ItLeavesTheWriteAheadLogOfAKilledServiceAsItWas) {
  PostMany(20);
  processes_.comments().Kill();
  const std::string file = ReadWhole(database());
  const std::string log = ReadWhole(database() + "-wal");
  ASSERT_FALSE(log.empty());
  const OperatorOutcome outcome = BackUp(File("backup"));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(Printed(outcome, "comments"), "20");
  EXPECT_TRUE(ReadWhole(database()) == file);
  EXPECT_TRUE(ReadWhole(database() + "-wal") == log);
}

TEST_F(BackupTest, WhatIsThereIsNotOverwritten) {
  PostMany(1);
  WriteWhole(File("backup"), "precious");
  const OperatorOutcome outcome = BackUp(File("backup"));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("exists already and is not overwritten"));
  EXPECT_EQ(ReadWhole(File("backup")), "precious");
  EXPECT_EQ(NamesLike("backup"), std::set<std::string>{"backup"});
}

TEST_F(BackupTest, ADamagedDatabaseIsSaidToBeSoAndItsCopyIsNeverNamed) {
  PostMany(40);
  StopComments();
  const std::string whole = ReadWhole(database());
  // A byte in the middle of each page but the first: in rows, in keys, in the room that is free.
  int refused = 0;
  for (std::size_t offset = 4096 + 40; offset < whole.size(); offset += 4096) {
    WriteWhole(database(), whole);
    DamageByte(database(), offset);
    const OperatorOutcome outcome = BackUp(File("backup"));
    if (outcome.exit_code == 0) {
      // Nothing is stored at that place.
      std::filesystem::remove(File("backup"));
      continue;
    }
    ++refused;
    EXPECT_EQ(NamesLike("backup"), std::set<std::string>()) << offset;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(BackupTest, AKilledBackupLeavesNothingUnderItsNameAndTheNextOneSucceeds) {
  PostMany(200);
  int killed = 0;
  for (int round = 0; round < 40 && killed < 5; ++round) {
    OperatorRun run({"backup", "--database_url=sqlite:" + database(), "--to=" + File("backup")});
    Await([this] { return !NamesLike("backup").empty(); });
    run.Kill();
    const int exit_code = run.Wait().exit_code;
    if (exit_code == 0) {
      std::filesystem::remove(File("backup"));
      continue;
    }
    ++killed;
    EXPECT_EQ(exit_code, 137);
    if (std::filesystem::remove(File("backup.unfinished"))) {
      EXPECT_EQ(NamesLike("backup"), std::set<std::string>());
    } else {
      // Killed after it was named, it is whole, and the next one would not overwrite it.
      EXPECT_TRUE(std::filesystem::remove(File("backup")));
    }
  }
  EXPECT_GT(killed, 0);
  WriteWhole(File("backup.unfinished"), "what a killed process left");
  const OperatorOutcome outcome = BackUp(File("backup"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(NamesLike("backup"), std::set<std::string>{"backup"});
}

TEST_F(BackupTest, WhatIsNoDatabaseOfTheServicesIsRefused) {
  WriteWhole(File("notes.db"), std::string(10'000, 'x'));
  const OperatorOutcome outcome = RunOperator(
      {"backup", "--database_url=sqlite:" + File("notes.db"), "--to=" + File("backup")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("file is not a database"));
  const OperatorOutcome absent = RunOperator(
      {"backup", "--database_url=sqlite:" + File("absent.db"), "--to=" + File("backup")});
  EXPECT_EQ(absent.exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(File("absent.db")));
  EXPECT_EQ(NamesLike("backup"), std::set<std::string>());
}

}  // namespace
}  // namespace marginalia
