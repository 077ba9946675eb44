// Restores: an older backup takes the place of a database in one step, and the two services agree
// again by themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "deploy/operator/backup/database_facts.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/operator/stack_under_operator.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

class RestoreTest : public OperatorTest {
 protected:
  // Why a watch from `token` on is refused; "" when it goes on.
  std::string WatchRefusal(const std::string& token) {
    comments::v1::WatchEventsRequest request;
    request.set_after_token(token);
    grpc::ClientContext context;
    processes_.Prepare(context, processes_.Token("dana", "member"));
    const auto stream = processes_.comments_stub().WatchEvents(&context, request);
    comments::v1::WatchEventsResponse message;
    if (stream->Read(&message)) {
      context.TryCancel();
      return "";
    }
    return ReasonOf(FromGrpc(stream->Finish()));
  }

  // How many files beside the database are those of restores: in the making, or whole.
  std::size_t Restores(bool unfinished) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(processes_.directory().path())) {
      const std::string name = entry.path().filename();
      const bool restored = name.rfind("comments.db.replaced-", 0) == 0;
      if (restored && name.ends_with(".unfinished") == unfinished) ++count;
    }
    return count;
  }

  // What audit-verify says of an export as of now, with a receipt.
  OperatorOutcome VerifyAgainst(const std::string& name, const comments::v1::Receipt& receipt) {
    const OperatorOutcome exported = Export(File(name));
    EXPECT_EQ(exported.exit_code, 0) << exported.error;
    return RunOperator({"audit-verify", "--from=" + File(name),
                        "--number=" + std::to_string(receipt.number()),
                        "--hash=" + receipt.audit_hash()});
  }
};

TEST_F(RestoreTest, AfterAnOlderBackupTheServicesAgreeAndWhatWasLostShows) {
  const auto kept = PostMany(20);
  const OperatorOutcome backup = BackUp(File("backup"));
  ASSERT_EQ(backup.exit_code, 0) << backup.error;
  const auto lost = PostMany(15);
  ASSERT_EQ(CountIncluding(lost.consistency_token()), 35);
  StopComments();
  const OperatorOutcome restored =
      Restore(File("backup"), {"--replace", "--sha256=" + Printed(backup, "sha256")});
  ASSERT_EQ(restored.exit_code, 0) << restored.error;
  EXPECT_EQ(Printed(restored, "head"), "20");
  EXPECT_NE(Printed(restored, "log id"), Printed(backup, "log id"));
  const auto aside = CheckFile(Printed(restored, "kept"));
  ASSERT_TRUE(aside.ok()) << aside.status();
  EXPECT_EQ(aside->count, 35);
  processes_.StartComments();

  EXPECT_TRUE(VerifyAuditLog().intact());
  // With no post to tell it so, the projector comes to the restored state by itself.
  EXPECT_TRUE(Await([&] {
    const auto answer = Read();
    return answer.ok() && answer->summary().comment_count() == 20;
  }));
  for (const auto& token : {kept.consistency_token(), lost.consistency_token()}) {
    EXPECT_EQ(ReasonOf(Read(token).status()), "CONSISTENCY_TOKEN_INVALID");
    EXPECT_EQ(WatchRefusal(token), "RESUME_TOKEN_INVALID");
  }
  const OperatorOutcome cut_off = VerifyAgainst("cut_off", lost.receipt());
  EXPECT_EQ(cut_off.exit_code, 1);
  EXPECT_THAT(cut_off.error, HasSubstr("the log is cut off after number 20"));
  EXPECT_EQ(VerifyAgainst("before", kept.receipt()).exit_code, 0);

  // Positions that were given away once are given away again, with other hashes.
  const auto after = PostMany(16);
  EXPECT_EQ(CountIncluding(after.consistency_token()), 36);
  const OperatorOutcome anew = VerifyAgainst("anew", lost.receipt());
  EXPECT_EQ(anew.exit_code, 1);
  EXPECT_THAT(anew.error, HasSubstr("carries another hash than its receipt"));
  EXPECT_TRUE(VerifyAuditLog().intact());
}

TEST_F(RestoreTest, ABackupOfInvoicesCatchesUpWithTheComments) {
  PostMany(3);
  const std::string backup = File("invoices-backup");
  ASSERT_EQ(RunOperator({"backup", "--database_url=" + processes_.invoices_url(), "--to=" + backup})
                .exit_code,
            0);
  const std::string token = PostMany(4).consistency_token();
  StopInvoices();
  const OperatorOutcome restored = RunOperator(
      {"restore", "--database_url=" + processes_.invoices_url(), "--from=" + backup, "--replace"});
  ASSERT_EQ(restored.exit_code, 0) << restored.error;
  processes_.StartInvoices();
  EXPECT_EQ(CountIncluding(token), 7);
}

TEST_F(RestoreTest, ARunningServiceKeepsItsDatabase) {
  PostMany(2);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  const OperatorOutcome outcome = Restore(File("backup"), {"--replace"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("must be stopped first"));
  EXPECT_TRUE(Post("still there").ok());
}

TEST_F(RestoreTest, WhatIsThereIsReplacedOnlyOnDemandAndByItsOwnKind) {
  PostMany(2);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  StopComments();
  StopInvoices();
  const std::string before = ReadWhole(database());
  const OperatorOutcome outcome = Restore(File("backup"));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("is there already: with --replace it is kept aside"));
  EXPECT_TRUE(ReadWhole(database()) == before);
  const OperatorOutcome other =
      RunOperator({"restore", "--database_url=" + processes_.invoices_url(),
                   "--from=" + File("backup"), "--replace"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.error, HasSubstr("is the other service's database"));
}

TEST_F(RestoreTest, AnEmptyPlaceIsFilled) {
  PostMany(2);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  const OperatorOutcome restored = RunOperator(
      {"restore", "--database_url=sqlite:" + File("elsewhere.db"), "--from=" + File("backup")});
  ASSERT_EQ(restored.exit_code, 0) << restored.error;
  EXPECT_EQ(Printed(restored, "kept"), "");
  const auto facts = CheckFile(File("elsewhere.db"));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->count, 2);
}

TEST_F(RestoreTest, ADamagedBackupChangesNothing) {
  PostMany(10);
  const OperatorOutcome backup = BackUp(File("backup"));
  ASSERT_EQ(backup.exit_code, 0);
  StopComments();
  const std::string before = ReadWhole(database());
  const std::size_t bytes = ReadWhole(File("backup")).size();
  for (const std::size_t offset : {std::size_t{20}, bytes / 3, bytes - 2}) {
    DamageByte(File("backup"), offset);
    const OperatorOutcome outcome =
        Restore(File("backup"), {"--replace", "--sha256=" + Printed(backup, "sha256")});
    EXPECT_EQ(outcome.exit_code, 1) << offset << outcome.out;
    DamageByte(File("backup"), offset);
  }
  // Found without its sum as well.
  const std::size_t entry = ReadWhole(File("backup")).find("comment.added");
  ASSERT_NE(entry, std::string::npos);
  DamageByte(File("backup"), entry);
  const OperatorOutcome outcome = Restore(File("backup"), {"--replace"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("is damaged"));
  EXPECT_TRUE(ReadWhole(database()) == before);
}

TEST_F(RestoreTest, AFileWithAWriteAheadLogIsNoBackup) {
  PostMany(2);
  processes_.comments().Kill();
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(database() + suffix, File("copy") + suffix);
  }
  const OperatorOutcome outcome = Restore(File("copy"), {"--replace"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("has a write-ahead log or a journal beside it"));
}

TEST_F(RestoreTest, AKilledServicesLastCommitsAreKeptAside) {
  PostMany(1);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  PostMany(6);
  processes_.comments().Kill();
  ASSERT_FALSE(ReadWhole(database() + "-wal").empty());
  const OperatorOutcome restored = Restore(File("backup"), {"--replace"});
  ASSERT_EQ(restored.exit_code, 0) << restored.error;
  EXPECT_FALSE(std::filesystem::exists(database() + "-wal"));
  const auto aside = CheckFile(Printed(restored, "kept"));
  ASSERT_TRUE(aside.ok()) << aside.status();
  EXPECT_EQ(aside->count, 7);
}

TEST_F(RestoreTest, ADatabaseTooDamagedToOpenIsReplacedAndKeptWithItsLog) {
  PostMany(1);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  processes_.comments().Kill();
  const std::string log = ReadWhole(database() + "-wal");
  WriteWhole(database(), std::string(8192, '\0'));
  WriteWhole(database() + "-wal", "remains");
  const OperatorOutcome restored = Restore(File("backup"), {"--replace"});
  ASSERT_EQ(restored.exit_code, 0) << restored.error;
  EXPECT_FALSE(std::filesystem::exists(database() + "-wal"));
  processes_.StartComments();
  EXPECT_EQ(CountIncluding(PostMany(1).consistency_token()), 2);
}

TEST_F(RestoreTest, AJournalThatWasLeftBehindIsKeptAsideAndNotRolledBackInto) {
  PostMany(2);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  StopComments();
  std::filesystem::remove(database());
  WriteWhole(database() + "-journal", "remains of a transaction");
  EXPECT_EQ(Restore(File("backup")).exit_code, 2);
  const OperatorOutcome restored = Restore(File("backup"), {"--replace"});
  ASSERT_EQ(restored.exit_code, 0) << restored.error;
  EXPECT_FALSE(std::filesystem::exists(database() + "-journal"));
  WriteWhole(File("backup") + "-journal", "remains of a transaction");
  EXPECT_THAT(Restore(File("backup"), {"--replace"}).error, HasSubstr("a journal beside it"));
  processes_.StartComments();
  EXPECT_EQ(CountIncluding(PostMany(1).consistency_token()), 3);
}

TEST_F(RestoreTest, ALinkInThePlaceOfTheLockIsNotFollowed) {
  PostMany(1);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  StopComments();
  WriteWhole(File("another's"), "");
  std::filesystem::permissions(File("another's"), std::filesystem::perms::owner_read);
  std::filesystem::remove(database() + ".lock");
  std::filesystem::create_symlink(File("another's"), database() + ".lock");
  const OperatorOutcome refused = Restore(File("backup"), {"--replace"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error, HasSubstr(database() + ".lock"));
  EXPECT_EQ(std::filesystem::status(File("another's")).permissions(),
            std::filesystem::perms::owner_read);
}

TEST_F(RestoreTest, KilledAtAnyMomentItLeavesOneDatabaseOrTheOther) {
  PostMany(5);
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  PostMany(5);
  StopComments();
  for (int round = 0; round < 12; ++round) {
    const std::size_t unfinished = Restores(true);
    const std::size_t whole = Restores(false);
    OperatorRun run({"restore", "--database_url=sqlite:" + database(), "--from=" + File("backup"),
                     "--replace"});
    // At its begin, while the copy is made, when it has its name.
    if (round % 3 == 1) Await([&] { return Restores(true) > unfinished; });
    if (round % 3 == 2) Await([&] { return Restores(false) > whole; });
    run.Kill();
    run.Wait();
    const auto facts = CheckFile(database());
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_TRUE(facts->count == 5 || facts->count == 10) << facts->count;
  }
  processes_.StartComments();
  EXPECT_TRUE(VerifyAuditLog().intact());
}

}  // namespace
}  // namespace marginalia
