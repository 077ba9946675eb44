#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "tests/projector/projector_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

// Several processes share a database of PostgreSQL; a file has one.
class SharedProjectionTest : public ProjectorFixture {
 protected:
  // When a process last asked whether it is its turn, in microseconds.
  std::int64_t LastAskedForATurn() {
    return projection_->Select(
        "SELECT CAST(extract(epoch FROM max(query_start)) * 1000000 AS BIGINT)"
        " FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND query LIKE '%pg_try_advisory_lock%'");
  }
};

INSTANTIATE_TEST_SUITE_P(On, SharedProjectionTest, testing::Values(DatabaseKind::kPostgres),
                         DatabaseName);

TEST_P(SharedProjectionTest, TwoProcessesThatShareADatabaseBothGetThereAndCountOnce) {
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  ProjectionUnderTest second(database_url_, comments_.address());
  CommentEverywhere(50);
  ASSERT_TRUE(second.Reaches(comments_.head()));
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  ASSERT_TRUE(second.Check(Rebuild::Kind::kRepair).ok());
  CommentEverywhere(50);
  ASSERT_TRUE(second.Reaches(comments_.head()));
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
}

// As a server has them that lacked the last commits when it took over.
TEST_P(SharedProjectionTest, CountsThatTheDatabaseHasLostComeBackWithoutAnotherEvent) {
  CommentEverywhere(1);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  const LogPoint before = comments_.head();
  comments_.Comment("northlight", "a");
  ASSERT_TRUE(CatchesUp());
  projection_->Execute(
      "UPDATE comment_counts SET comment_count = 1, thread_revision = 1 "
      "WHERE org_id = 'northlight' AND invoice_id = 'a'");
  EXPECT_EQ(Count("northlight", "a"), 1);
  projection_->Execute("UPDATE projection_position SET position = " +
                       std::to_string(before.position));
  EXPECT_TRUE(Await([this] { return Count("northlight", "a") == 2; }));
  EXPECT_EQ(comments_.snapshots_begun(), 1);
}

TEST_P(SharedProjectionTest, WhatOneProcessHasRepairedNoOtherKeepsAsItWas) {
  CommentEverywhere(1);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  ProjectionUnderTest second(database_url_, comments_.address());
  ASSERT_TRUE(second.Reaches(comments_.head()));
  const std::uint64_t before = projection_->cache().generation();
  ASSERT_TRUE(second.Check(Rebuild::Kind::kRepair).ok());
  EXPECT_TRUE(Await([&] { return projection_->cache().generation() > before; }));
}

TEST_P(SharedProjectionTest, OfProcessesThatStartAtOnceOneBuildsAndTheOthersUseIt) {
  CommentEverywhere(3);
  comments_.SetSnapshotRowsMax(1);
  // The second one comes while the first one reads, and has asked twice before that has ended.
  HoldSnapshotPages();
  StartProjection();
  ASSERT_TRUE(Await([this] { return snapshot_pages_ > 0; }));
  std::int64_t last = LastAskedForATurn();
  ProjectionUnderTest second(database_url_, comments_.address());
  for (int times = 0; times < 2; ++times) {
    ASSERT_TRUE(Await([&] {
      const std::int64_t before = std::exchange(last, LastAskedForATurn());
      return before < last;
    }));
  }
  go_on_ = true;
  ASSERT_TRUE(CatchesUp());
  ASSERT_TRUE(second.Reaches(comments_.head()));
  EXPECT_EQ(comments_.snapshots_begun(), 1);
  ExpectCountsOfTheLog();
}

TEST_P(SharedProjectionTest, WhenTheOneThatBuildsIsGoneAnotherOneDoes) {
  CommentEverywhere(3);
  comments_.SetSnapshotRowsMax(1);
  HoldSnapshotPages();
  StartProjection();
  ASSERT_TRUE(Await([this] { return snapshot_pages_ > 0; }));
  ProjectionUnderTest second(database_url_, comments_.address());
  StopProjection();
  go_on_ = true;
  ASSERT_TRUE(second.Reaches(comments_.head()));
  EXPECT_EQ(second.CountOf("northlight", "a").comment_count, 3);
}

TEST_P(SharedProjectionTest, ARebuildNeverSetsBackWhatAnotherProcessHasAnsweredWith) {
  comments_.Comment("northlight", "a");
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  StopProjection();
  CommentEverywhere(5);
  comments_.CompactBefore(15);
  // Another process that shares the database follows further while this one reads the snapshot.
  comments_.OnSnapshotPage([this] {
    ASSERT_TRUE(Await([this] { return go_on_.load(); }));
    projection_->Execute(
        "UPDATE comment_counts SET comment_count = 7, last_position = 1000,"
        " thread_revision = 1000"
        " WHERE org_id = 'northlight' AND invoice_id = 'a'");
  });
  StartProjection();
  go_on_ = true;
  ASSERT_TRUE(CatchesUp());
  EXPECT_EQ(comments_.snapshots_begun(), 2);
  EXPECT_EQ(Count("northlight", "a"), 7);
  EXPECT_EQ(Count("northlight", "b"), comments_.CountOf("northlight", "b"));
}

}  // namespace
}  // namespace marginalia
