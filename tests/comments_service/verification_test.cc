// How a verification goes: of one thread, in rounds, and while others write. What it finds is in
// tampering_test.
#include "comments-service/verification/verification.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

class VerificationTest : public ServiceTest {
 protected:
  // A thread with one of each change.
  void WriteThread(const std::string& invoice_id) {
    Dana().Post(invoice_id, "one");
    EXPECT_TRUE(Dana().Edit(Dana().Post(invoice_id, "two").comment(), "2").ok());
    EXPECT_TRUE(Alex().Remove(Dana().Post(invoice_id, "three").comment(), "why").ok());
    EXPECT_TRUE(Alex().Erase(Dana().Post(invoice_id, "four").comment(), "why").ok());
    EXPECT_TRUE(Dana().Resolve(invoice_id, "", "five").ok());
    EXPECT_TRUE(Dana().Reopen(invoice_id).ok());
  }

  AuditVerdict Run(Verification verification, int* steps = nullptr) {
    while (!verification.done()) {
      if (steps != nullptr) ++*steps;
      const absl::Status step =
          service().database().Read(Tenants::One("org"), [&](Connection& connection) {
            verification.Step(connection);
            return absl::OkStatus();
          });
      if (!step.ok()) {
        ADD_FAILURE() << step;
        break;
      }
    }
    return verification.verdict();
  }
};
INSTANTIATE_ON_EVERY_DATABASE(VerificationTest);

TEST_P(VerificationTest, AnInvoiceIsComparedByItself) {
  WriteThread("INV-1");
  WriteThread("INV-2");
  const std::int64_t entries = Alex().Verify()->entry_count();
  for (const char* table : {"comments", "comment_revisions"}) {
    service().Tamper([&](soci::session& session) {
      session << absl::StrCat("CREATE TABLE kept_", table, " AS SELECT * FROM ", table);
      session << absl::StrCat("UPDATE ", table,
                              " SET body = 'other' WHERE position IN"
                              " (SELECT position FROM comments WHERE org_id = 'org'"
                              " AND invoice_id = 'INV-1')");
    });
    const auto broken = Alex().Verify("INV-1");
    ASSERT_TRUE(broken.ok()) << broken.status();
    EXPECT_FALSE(broken->intact()) << table;
    EXPECT_EQ(broken->entry_count(), entries);
    EXPECT_FALSE(Alex().Verify()->intact());
    // The log is whole, and so is the other thread.
    const auto intact = Alex().Verify("INV-2");
    EXPECT_TRUE(intact->intact()) << intact->first_broken_what();
    EXPECT_EQ(intact->entry_count(), entries);
    service().Tamper([&](soci::session& session) {
      session << absl::StrCat("DELETE FROM ", table);
      session << absl::StrCat("INSERT INTO ", table, " SELECT * FROM kept_", table);
    });
  }
  EXPECT_TRUE(Alex().Verify("INV-1")->intact());
  EXPECT_TRUE(Alex().Verify("INV-3")->intact());
  EXPECT_EQ(Field(Alex().Verify(std::string(65, 'I'))), "invoice_id");
}

TEST_P(VerificationTest, WhatIsAddedToOrMissingInOneThreadIsFoundByItself) {
  WriteThread("INV-1");
  WriteThread("INV-2");
  const auto expect_found = [this](const std::string& change, const std::string& undo) {
    service().Tamper([&](soci::session& session) { session << change; });
    EXPECT_FALSE(Alex().Verify("INV-1")->intact()) << change;
    EXPECT_TRUE(Alex().Verify("INV-2")->intact()) << change;
    service().Tamper([&](soci::session& session) { session << undo; });
    EXPECT_TRUE(Alex().Verify("INV-1")->intact()) << undo;
  };
  const std::string row = " WHERE org_id = 'org' AND invoice_id = 'INV-1'";
  expect_found("UPDATE threads SET change_count = change_count + 1" + row,
               "UPDATE threads SET change_count = change_count - 1" + row);
  expect_found(
      "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)"
      " VALUES ('org', 'INV-1', 6, 1000)",
      "DELETE FROM thread_comments" + row + " AND sequence = 6");
  // Where no entry is, and no step along the log comes by.
  expect_found(
      "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)"
      " VALUES ('org', 'INV-1', 6, 0)",
      "DELETE FROM thread_comments" + row + " AND sequence = 6");
  expect_found(
      "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)"
      " VALUES ('org', 'INV-1', -9223372036854775808, 1)",
      "DELETE FROM thread_comments" + row + " AND sequence < 0");
  expect_found("UPDATE thread_comments SET invoice_id = 'INV-9'" + row + " AND sequence = 5",
               "UPDATE thread_comments SET invoice_id = 'INV-1'"
               " WHERE org_id = 'org' AND invoice_id = 'INV-9'");
}

// Its halves are the smallest numbers there are.
TEST_P(VerificationTest, WhicheverUuidACommentHasItIsNotTakenForBroken) {
  for (const char* id :
       {"80000000-0000-0000-8000-000000000000", "7fffffff-ffff-ffff-7fff-ffffffffffff",
        "00000000-0000-0000-8000-000000000000", "ffffffff-ffff-ffff-7fff-ffffffffffff"}) {
    ASSERT_TRUE(Dana().Add("INV-1", id, "a body").ok()) << id;
    const auto verdict = Alex().Verify();
    EXPECT_TRUE(verdict->intact()) << id << " " << verdict->first_broken_what();
  }
}

TEST_P(VerificationTest, ThreadsThatChangedAreFollowedInRoundsWhenTheyAreMany) {
  for (int i = 0; i < 5; ++i) WriteThread(absl::StrCat("INV-", i));
  const AuditVerdict intact = Run(Verification("org", "", /*round_changes=*/3));
  EXPECT_EQ(intact.first_broken_position, 0) << intact.broken.what;
  EXPECT_EQ(intact.entry_count, Alex().Verify()->entry_count());
  for (int i = 0; i < 5; ++i) {
    const std::string row = absl::StrCat(" WHERE org_id = 'org' AND invoice_id = 'INV-", i, "'");
    service().Tamper([&](soci::session& session) {
      session << "UPDATE threads SET removed_count = removed_count + 1" + row;
    });
    EXPECT_NE(Run(Verification("org", "", 3)).first_broken_position, 0) << i;
    service().Tamper([&](soci::session& session) {
      session << "UPDATE threads SET removed_count = removed_count - 1" + row;
    });
  }
  EXPECT_EQ(Run(Verification("org", "", 3)).first_broken_position, 0);
}

// The log's head counts no changes of these, and there may be as many as comments.
TEST_P(VerificationTest, ThreadsWithCommentsImportedAsRemovedAreFollowedInRoundsToo) {
  for (int i = 0; i < 20; ++i) {
    v1::ImportCommentsRequest request = ImportOf(absl::StrCat("INV-", i), 2);
    for (v1::ImportedComment& comment : *request.mutable_comments()) {
      *comment.mutable_removal()->mutable_time() = comment.create_time();
      comment.mutable_removal()->mutable_actor()->set_user_id("old");
    }
    ASSERT_TRUE(service().AsService("org").Import(request).ok());
  }
  ASSERT_TRUE(Alex().Erase(Alex().List("INV-7")->comments(0), "asked for").ok());
  const AuditVerdict intact = Run(Verification("org", "", /*round_changes=*/3));
  EXPECT_EQ(intact.first_broken_position, 0) << intact.broken.what;
  for (int i = 0; i < 20; ++i) {
    const std::string row = absl::StrCat(" WHERE org_id = 'org' AND invoice_id = 'INV-", i, "'");
    service().Tamper([&](soci::session& session) {
      session << "UPDATE threads SET removed_count = removed_count + 1" + row;
    });
    EXPECT_NE(Run(Verification("org", "", 3)).first_broken_position, 0) << i;
    service().Tamper([&](soci::session& session) {
      session << "UPDATE threads SET removed_count = removed_count - 1" + row;
    });
  }
  EXPECT_EQ(Run(Verification("org", "", 3)).first_broken_position, 0);
}

// Each step is a snapshot, and other tenants wait for it.
TEST_P(VerificationTest, AStepDoesNotGrowWithTheRevisionsOfItsComments) {
  constexpr int kComments = 12;
  for (int i = 0; i < kComments; ++i) {
    EXPECT_TRUE(Dana().Edit(Dana().Post("INV-1", "one").comment(), "2").ok());
  }
  int before = 0;
  EXPECT_EQ(Run(Verification("org", ""), &before).first_broken_position, 0);
  // As many as there can be. What their entries say is another matter.
  service().Tamper([](soci::session& session) {
    session << "UPDATE comments SET revision = 1000";
    session << "UPDATE audit_entries SET revision = 1000 WHERE action = 'comment.edited'";
    session << "CREATE TEMPORARY TABLE one_of_each AS SELECT * FROM comment_revisions WHERE "
               "revision = 2";
  });
  // A few at a time: what one write asks of the database must be answered in 5 s.
  constexpr int kAtOnce = 50;
  for (int revision = 3; revision <= 1000;) {
    service().Tamper([&revision](soci::session& session) {
      for (int i = 0; i < kAtOnce && revision <= 1000; ++i, ++revision) {
        session << "UPDATE one_of_each SET revision = revision + 1";
        session << "INSERT INTO comment_revisions SELECT * FROM one_of_each";
      }
    });
  }
  int after = 0;
  EXPECT_NE(Run(Verification("org", ""), &after).first_broken_position, 0);
  EXPECT_GE(after, before + kComments - 1);
}

TEST_P(VerificationTest, ThreadsWhoseRowsAreGoneAreLookedForAFewAtATime) {
  constexpr int kThreads = 3 * static_cast<int>(kVerifyStepRows);
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_TRUE(Dana().Resolve(absl::StrCat("INV-", i), "", "done").ok());
  }
  int before = 0;
  EXPECT_EQ(Run(Verification("org", ""), &before).first_broken_position, 0);
  service().Tamper([](soci::session& session) { session << "DELETE FROM threads"; });
  int after = 0;
  const AuditVerdict verdict = Run(Verification("org", ""), &after);
  EXPECT_NE(verdict.first_broken_position, 0);
  EXPECT_EQ(verdict.broken.what, "is of a thread that is not there");
  EXPECT_GE(after, before + 3);
}

TEST_P(VerificationTest, WhatIsWrittenMeanwhileIsNotTakenForBroken) {
  WriteThread("INV-1");
  // Each look back goes through all that there is by then.
  constexpr int kThreadsMax = 60;
  std::atomic<bool> stopping = false;
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&, i] {
      for (int round = 0; round < kThreadsMax && !stopping; ++round) {
        WriteThread(absl::StrCat("INV-", i == 0 ? round % 3 : 100 + round));
      }
    });
  }
  for (int i = 0; i < 6; ++i) {
    // Small rounds make it look back while others write.
    const AuditVerdict verdict = Run(Verification("org", "", i % 2 == 0 ? 1000 : 20));
    EXPECT_EQ(verdict.first_broken_position, 0)
        << verdict.broken.number << " " << verdict.broken.what;
    const auto one = Alex().Verify("INV-1");
    EXPECT_TRUE(one->intact()) << one->first_broken_what();
  }
  stopping = true;
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace marginalia
