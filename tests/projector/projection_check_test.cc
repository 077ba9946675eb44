// Rebuilding and verifying under live traffic.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "services/errors/errors.h"
#include "tests/projector/projection_under_test.h"
#include "tests/projector/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr char kInsert[] =
    "INSERT INTO comment_counts (org_id, invoice_id, comment_count, last_comment_time, "
    "last_author_name, last_position) VALUES ";

using Kind = Rebuild::Kind;

constexpr int kThreads = 20;

std::string InvoiceId(int thread) { return "invoice-" + std::to_string(thread); }

class ProjectionCheckTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    comments_.SetSnapshotRowsMax(3);
    for (int round = 0; round < 3; ++round) {
      for (int thread = 0; thread < kThreads; ++thread) {
        comments_.Comment("northlight", InvoiceId(thread));
      }
    }
    projection_.emplace(NewDatabaseUrl(GetParam()), comments_.address());
    ASSERT_TRUE(projection_->Reaches(comments_.head()));
  }

  void TearDown() override { StopTraffic(); }

  // Comments on every thread, and on new ones, as fast as the projection follows, until
  // StopTraffic.
  void StartTraffic() {
    traffic_.emplace([this] {
      for (int i = 0; !quiet_; ++i) {
        const std::int64_t position = comments_.Comment("northlight", InvoiceId(i % kThreads));
        if (i % 10 == 0) comments_.Comment("rivalworks", "new-" + std::to_string(i));
        Await([&] { return quiet_ || projection_->progress().point().position >= position; });
      }
    });
  }
  void StopTraffic() {
    quiet_ = true;
    if (traffic_.has_value()) traffic_->join();
    traffic_.reset();
  }

  // Too few, too many, missing, unknown to the comments service, and the wrong author.
  void PlantDrift() {
    Plant("UPDATE comment_counts SET comment_count = 1 WHERE invoice_id = 'invoice-3'");
    Plant("UPDATE comment_counts SET comment_count = 1000000 WHERE invoice_id = 'invoice-5'");
    Plant("DELETE FROM comment_counts WHERE invoice_id = 'invoice-7'");
    Plant(std::string(kInsert) + "('northlight', 'phantom', 3, 0, 'Nobody', 1)");
    Plant("UPDATE comment_counts SET last_author_name = 'X' WHERE invoice_id = 'invoice-9'");
  }
  void Plant(const std::string& sql) { projection_->Execute(sql); }

  void ExpectCountsOfTheLog() {
    for (int thread = 0; thread < kThreads; ++thread) {
      EXPECT_EQ(projection_->CountOf("northlight", InvoiceId(thread)).comment_count,
                comments_.CountOf("northlight", InvoiceId(thread)))
          << InvoiceId(thread);
    }
  }

  ScriptedComments comments_;
  std::optional<ProjectionUnderTest> projection_;
  std::atomic<bool> quiet_ = false;
  std::optional<std::thread> traffic_;
};

INSTANTIATE_ON_EVERY_DATABASE(ProjectionCheckTest);

TEST_P(ProjectionCheckTest, WithoutDriftNothingDiffersAndNothingIsRepaired) {
  const auto verified = projection_->Check(Kind::kVerify);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->rows_checked, kThreads);
  EXPECT_EQ(verified->rows_differing, 0);
  EXPECT_EQ(verified->as_of, comments_.head());
  const auto rebuilt = projection_->Check(Kind::kRepair);
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
  EXPECT_EQ(rebuilt->rows_checked, kThreads);
  EXPECT_EQ(rebuilt->rows_differing, 0);
}

TEST_P(ProjectionCheckTest, VerifyingFindsDriftInEveryDirectionAndChangesNothing) {
  // It began with a rebuild.
  EXPECT_EQ(projection_->progress().drift(), 0);
  PlantDrift();
  for (int again = 0; again < 2; ++again) {
    const auto verified = projection_->Check(Kind::kVerify);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->rows_differing, 5);
    EXPECT_EQ(projection_->progress().drift(), 5);
  }
  EXPECT_EQ(projection_->CountOf("northlight", "invoice-3").comment_count, 1);
  EXPECT_EQ(projection_->CountOf("northlight", "phantom").comment_count, 3);
}

TEST_P(ProjectionCheckTest, WhereAnInvoiceStandsInTheListsIsVerifiedAndRepaired) {
  for (int thread = 0; thread < 3; ++thread) {
    Plant(
        "INSERT INTO invoices (org_id, invoice_id, number, customer_name, customer_email, terms, "
        "due_date, currency, total, status, version, etag, create_time, create_seal) VALUES "
        "('northlight', '" +
        InvoiceId(thread) + "', 'INV-" + std::to_string(thread) +
        "', 'Acme', '', '', '2026-06-30', 'USD', 1, 1, 1, '', 1, 'seal')");
  }
  // What was there before its thread was told of stands where the thread says.
  Plant("UPDATE comment_counts SET last_author_name = last_author_name");
  EXPECT_EQ(projection_->Check(Kind::kVerify)->rows_differing, 0);
  Plant("UPDATE invoices SET thread_state = 2 WHERE invoice_id = 'invoice-0'");
  Plant("UPDATE invoices SET activity_time = 7 WHERE invoice_id = 'invoice-1'");
  EXPECT_EQ(projection_->Check(Kind::kVerify)->rows_differing, 2);
  EXPECT_EQ(projection_->Check(Kind::kRepair)->rows_differing, 2);
  EXPECT_EQ(projection_->Check(Kind::kVerify)->rows_differing, 0);
}

TEST_P(ProjectionCheckTest, RebuildingRepairsDriftInEveryDirection) {
  PlantDrift();
  const auto rebuilt = projection_->Check(Kind::kRepair);
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
  EXPECT_EQ(rebuilt->rows_differing, 5);
  EXPECT_EQ(projection_->progress().drift(), 0);
  EXPECT_GT(projection_->progress().verified_at(), absl::UnixEpoch());
  ExpectCountsOfTheLog();
  EXPECT_EQ(projection_->CountOf("northlight", "phantom").comment_count, 0);
  EXPECT_EQ(projection_->CountOf("northlight", "invoice-9").last_author_name, "Dana");
  const auto verified = projection_->Check(Kind::kVerify);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->rows_differing, 0);
}

TEST_P(ProjectionCheckTest, CountsThatAreMerelyUnderWayAreNoDifference) {
  StartTraffic();
  for (int again = 0; again < 5; ++again) {
    const auto verified = projection_->Check(Kind::kVerify);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->rows_differing, 0);
    EXPECT_GE(verified->rows_checked, kThreads);
  }
}

TEST_P(ProjectionCheckTest, RebuildingUnderTrafficRepairsWhatWasWrongAndLosesNothing) {
  StartTraffic();
  for (int again = 0; again < 3; ++again) {
    // What claims to be newer is the hard one: events do not overwrite it, so the rebuild must.
    Plant(
        "UPDATE comment_counts SET comment_count = 1000000, thread_revision = 1000000, "
        "last_position = 0 WHERE invoice_id = 'invoice-5'");
    Plant(std::string(kInsert) + "('northlight', 'phantom', 3, 0, 'Nobody', 1)");
    const auto rebuilt = projection_->Check(Kind::kRepair);
    ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
    EXPECT_EQ(rebuilt->rows_differing, 2);
  }
  StopTraffic();
  ASSERT_TRUE(projection_->Reaches(comments_.head()));
  ExpectCountsOfTheLog();
  EXPECT_EQ(projection_->CountOf("northlight", "phantom").comment_count, 0);
}

TEST_P(ProjectionCheckTest, OthersWriteBetweenTheSlicesOfARebuild) {
  Plant("UPDATE comment_counts SET comment_count = 1000000");
  // How many rows still were, as writes found them while each page of three was asked for.
  std::vector<std::int64_t> wrong;
  comments_.OnSnapshotPage([&] {
    wrong.push_back(
        projection_->Select("SELECT count(*) FROM comment_counts WHERE comment_count = 1000000"));
  });
  const auto check = projection_->Check(Kind::kRepair);
  comments_.OnSnapshotPage(nullptr);
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ(check->rows_differing, kThreads);
  EXPECT_EQ(wrong, (std::vector<std::int64_t>{20, 17, 14, 11, 8, 5, 2}));
}

TEST_P(ProjectionCheckTest, APageThatDoesNotComeHoldsNoEventBack) {
  std::atomic<bool> asked = false;
  std::atomic<bool> goes_on = false;
  comments_.OnSnapshotPage([&] {
    asked = true;
    EXPECT_TRUE(Await([&goes_on] { return goes_on.load(); }));
  });
  std::thread caller([this] { EXPECT_TRUE(projection_->Check(Kind::kVerify).ok()); });
  EXPECT_TRUE(Await([&asked] { return asked.load(); }));
  comments_.Comment("northlight", InvoiceId(1));
  EXPECT_TRUE(projection_->Reaches(comments_.head()));
  goes_on = true;
  caller.join();
}

TEST_P(ProjectionCheckTest, ASliceHoldsABoundedNumberOfStoredRows) {
  // Far more rows that no snapshot has than a slice may hold.
  const int phantoms = 2 * static_cast<int>(kSliceRowsMax) + 7;
  for (int i = 0; i < phantoms; ++i) {
    Plant(std::string(kInsert) + "('northlight', 'invoice-1-phantom-" + std::to_string(i) +
          "', 3, 0, 'Nobody', 1)");
  }
  const auto verified = projection_->Check(Kind::kVerify);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->rows_differing, phantoms);
  const auto rebuilt = projection_->Check(Kind::kRepair);
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
  EXPECT_EQ(rebuilt->rows_differing, phantoms);
  EXPECT_EQ(projection_->Select("SELECT count(*) FROM comment_counts"), kThreads);
  ExpectCountsOfTheLog();
}

TEST_P(ProjectionCheckTest, ManyWhoAskAtOnceAreAllAnswered) {
  std::vector<std::thread> callers;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([this, i, &answered] {
      answered += projection_->Check(i % 2 == 0 ? Kind::kRepair : Kind::kVerify).ok();
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(answered, 8);
}

TEST_P(ProjectionCheckTest, WithoutTheCommentsServiceACheckFailsAsUnavailable) {
  comments_.Stop();
  for (const Kind kind : {Kind::kVerify, Kind::kRepair}) {
    const auto check = projection_->Check(kind);
    EXPECT_TRUE(absl::IsUnavailable(check.status())) << check.status();
    EXPECT_GT(RetryAfterOf(check.status()), absl::ZeroDuration());
  }
}

TEST_P(ProjectionCheckTest, AServiceThatGoesAwayWhileItsSnapshotIsReadFailsTheCheckOnly) {
  std::atomic<bool> once = false;
  std::optional<std::thread> stopper;
  comments_.OnSnapshotPage([&] {
    if (!once.exchange(true)) stopper.emplace([this] { comments_.Stop(); });
  });
  const auto check = projection_->Check(Kind::kRepair);
  stopper->join();
  EXPECT_TRUE(absl::IsUnavailable(check.status())) << check.status();
  comments_.OnSnapshotPage(nullptr);
  comments_.Start();
  comments_.Comment("northlight", InvoiceId(1));
  ASSERT_TRUE(projection_->Reaches(comments_.head()));
  ExpectCountsOfTheLog();
}

}  // namespace
}  // namespace marginalia
