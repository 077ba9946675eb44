#include "services/events/projection/projector.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "services/process/stopwatch.h"
#include "tests/projector/projector_fixture.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

class ProjectorTest : public ProjectorFixture {};

INSTANTIATE_ON_EVERY_DATABASE(ProjectorTest);

TEST_P(ProjectorTest, TheFirstStartTakesTheSnapshotAndThenFollows) {
  CommentEverywhere(3);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(projection_->CountOf("rivalworks", "a").last_author_name, "Mallory");
  CommentEverywhere(2);
  comments_.Comment("northlight", "a", "Priya");
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(projection_->CountOf("northlight", "a").last_author_name, "Priya");
  EXPECT_EQ(comments_.snapshots_begun(), 1);
}

TEST_P(ProjectorTest, ASnapshotOfManyPagesIsTakenWhileItsThreadsGrow) {
  CommentEverywhere(3);
  comments_.SetSnapshotRowsMax(1);
  comments_.OnSnapshotPage([this] { comments_.Comment("northlight", "c"); });
  StartProjection();
  ASSERT_TRUE(Await([this] { return comments_.streams_opened() > 0; }));
  comments_.OnSnapshotPage(nullptr);
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
}

TEST_P(ProjectorTest, ARestartOfTheProjectionGoesOnWhereItWas) {
  CommentEverywhere(3);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  StopProjection();
  const std::int64_t stopped_at = comments_.head().position;
  CommentEverywhere(4);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(comments_.snapshots_begun(), 1);
  EXPECT_EQ(comments_.resumed_after().back(), stopped_at);
}

TEST_P(ProjectorTest, ARestartOfTheCommentsServiceIsSurvived) {
  CommentEverywhere(2);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  for (int restart = 0; restart < 3; ++restart) {
    comments_.Stop();
    ASSERT_TRUE(Await([this] { return !projection_->progress().following(); }));
    CommentEverywhere(1);
    comments_.Start();
    ASSERT_TRUE(CatchesUp());
    ExpectCountsOfTheLog();
  }
  EXPECT_EQ(comments_.snapshots_begun(), 1);
}

TEST_P(ProjectorTest, WithTheCommentsServiceDownAtTheStartItConnectsLater) {
  comments_.Stop();
  StartProjection();
  CommentEverywhere(2);
  comments_.Start();
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
}

TEST_P(ProjectorTest, ExactlyOnceEffectOfEventsThatAreDeliveredTwice) {
  CommentEverywhere(5);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  comments_.RepeatOnce(12);
  comments_.SetBatchEventsMax(5);
  comments_.Stop();
  comments_.Start();
  CommentEverywhere(1);
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(comments_.snapshots_begun(), 1);
}

TEST_P(ProjectorTest, AGapBetweenMessagesIsNotSkipped) {
  comments_.SetBatchEventsMax(1);
  StartProjection();
  ASSERT_TRUE(Await([this] { return projection_->progress().following(); }));
  comments_.LeaveOutOnce(2);
  CommentEverywhere(1);
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  // Opened anew before the gap: at 1, or at 0 when both messages were there before either was
  // applied.
  EXPECT_EQ(comments_.streams_opened(), 2);
  EXPECT_LE(comments_.resumed_after().back(), 1);
}

TEST_P(ProjectorTest, AnEventThatOnlyACheckpointSpeaksOfIsNotSkipped) {
  StartProjection();
  ASSERT_TRUE(Await([this] { return projection_->progress().following(); }));
  comments_.LeaveOutOnce(1);
  comments_.Comment("northlight", "a");
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(comments_.streams_opened(), 2);
}

TEST_P(ProjectorTest, AGapWithinAMessageIsNotSkipped) {
  StartProjection();
  ASSERT_TRUE(Await([this] { return projection_->progress().following(); }));
  StopProjection();
  CommentEverywhere(5);
  comments_.LeaveOutOnce(7);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(comments_.streams_opened(), 3);
}

TEST_P(ProjectorTest, EventsThatAreNoLongerRetainedMakeItTakeTheSnapshot) {
  CommentEverywhere(1);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  StopProjection();
  CommentEverywhere(10);
  comments_.CompactBefore(20);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(comments_.snapshots_begun(), 2);
}

TEST_P(ProjectorTest, AnEventThatTheLogHasLostMakesItTakeTheSnapshot) {
  CommentEverywhere(1);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  StopProjection();
  CommentEverywhere(10);
  comments_.Lose(20);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  EXPECT_EQ(comments_.snapshots_begun(), 2);
  CommentEverywhere(1);
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
}

TEST_P(ProjectorTest, ALogThatWasRestoredFromABackupReplacesWhatItNoLongerHolds) {
  CommentEverywhere(10);
  comments_.Comment("northlight", "only in the lost future");
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  comments_.Stop();
  comments_.RestoreAt(12, "00000000000000b2");
  comments_.Start();
  ASSERT_TRUE(CatchesUp());
  EXPECT_EQ(projection_->progress().point().log_id, "00000000000000b2");
  ExpectCountsOfTheLog();
  EXPECT_EQ(Count("northlight", "only in the lost future"), 0);
  CommentEverywhere(1);
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
}

// What the rows say of both threads is the same in both logs; only their revisions are not.
TEST_P(ProjectorTest, EventsOfARestoredLogCountThoughTheLostFutureHadEditedTheThread) {
  comments_.Comment("northlight", "a");
  comments_.Comment("northlight", "b");
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  for (int edit = 0; edit < 3; ++edit) {
    comments_.Edit("northlight", "a");
    comments_.Edit("northlight", "b");
  }
  ASSERT_TRUE(CatchesUp());
  projection_->Execute(
      "INSERT INTO invoices (org_id, invoice_id, number, customer_name, customer_email, terms, "
      "due_date, currency, total, status, version, etag, create_time, create_seal, thread_state) "
      "VALUES ('northlight', 'b', 'INV-1', 'Acme', '', '', '2026-06-30', 'USD', 1, 1, 1, '', 1, "
      "'seal', 2)");
  StopProjection();
  comments_.RestoreAt(2, "00000000000000b2");
  // The new log goes past the positions of the lost one.
  for (int comment = 0; comment < 8; ++comment) comments_.Comment("northlight", "c");
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  for (const char* invoice : {"a", "b"}) {
    comments_.Settle("northlight", invoice, true);
    comments_.Comment("northlight", invoice);
  }
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
  for (const char* invoice : {"a", "b"}) {
    EXPECT_EQ(projection_->CountOf("northlight", invoice).state, ThreadState::kResolved) << invoice;
  }
}

TEST_P(ProjectorTest, AStreamThatFallsSilentIsOpenedAnew) {
  StartProjection();
  ASSERT_TRUE(Await([this] { return projection_->progress().following(); }));
  comments_.FallSilent(true);
  ASSERT_TRUE(Await([this] { return comments_.streams_opened() > 1; }));
  comments_.FallSilent(false);
  CommentEverywhere(1);
  ASSERT_TRUE(CatchesUp());
  ExpectCountsOfTheLog();
}

TEST_P(ProjectorTest, ARemovalLowersTheCountAndAnEventThatComesAgainDoesNotRaiseIt) {
  CommentEverywhere(3);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  comments_.Remove("northlight", "a");
  ASSERT_TRUE(CatchesUp());
  EXPECT_EQ(Count("northlight", "a"), 2);
  StopProjection();
  StartProjection();
  projection_->Execute("UPDATE projection_position SET position = 1");
  StopProjection();
  comments_.SetBatchEventsMax(1);
  StartProjection();
  while (projection_->progress().point().position < comments_.head().position) {
    EXPECT_EQ(Count("northlight", "a"), 2);
  }
  ExpectCountsOfTheLog();
}

TEST_P(ProjectorTest, TheStateOfAThreadComesByEventsAndBySnapshotAlike) {
  CommentEverywhere(1);
  comments_.Settle("northlight", "a", true);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  EXPECT_EQ(projection_->CountOf("northlight", "a").state, ThreadState::kResolved);
  comments_.Settle("northlight", "a", false);
  comments_.Settle("rivalworks", "a", true);
  ASSERT_TRUE(CatchesUp());
  EXPECT_EQ(projection_->CountOf("northlight", "a").state, ThreadState::kOpen);
  EXPECT_TRUE(projection_->CountOf("northlight", "a").state_time.has_value());
  EXPECT_EQ(projection_->CountOf("rivalworks", "a").state, ThreadState::kResolved);
}

TEST_P(ProjectorTest, AnOlderCountNeverOverwritesANewerOne) {
  CommentEverywhere(5);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  StopProjection();
  // As a snapshot leaves it whose pages were read later than its first one.
  StartProjection();
  projection_->Execute("UPDATE projection_position SET position = 4");
  StopProjection();
  comments_.SetBatchEventsMax(1);
  StartProjection();
  while (projection_->progress().point().position < comments_.head().position) {
    EXPECT_EQ(Count("northlight", "a"), 5);
  }
  ExpectCountsOfTheLog();
}

TEST_P(ProjectorTest, WhileAnotherLogIsReadNobodyKnowsACount) {
  CommentEverywhere(10);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  comments_.Stop();
  comments_.RestoreAt(12, "00000000000000b2");
  comments_.SetSnapshotRowsMax(1);
  comments_.OnSnapshotPage([this] {
    // The first page has been held against the rows when the third is asked for.
    if (++snapshot_pages_ == 3) {
      EXPECT_TRUE(Await([this] { return projection_->progress().point().log_id.empty(); }));
    }
  });
  comments_.Start();
  ASSERT_TRUE(CatchesUp());
  EXPECT_GE(snapshot_pages_, 3);
  ExpectCountsOfTheLog();
}

TEST_P(ProjectorTest, ReadinessWaitsForTheFirstPosition) {
  CommentEverywhere(3);
  std::atomic<int> told = 0;
  HoldSnapshotPages();
  StartProjection();
  projection_->progress().WhenReady([&told](bool known) { told = known ? 1 : 2; });
  ASSERT_TRUE(Await([this] { return comments_.snapshots_begun() > 0; }));
  EXPECT_EQ(told, 0);
  go_on_ = true;
  EXPECT_TRUE(Await([&told] { return told == 1; }));
  EXPECT_EQ(Count("northlight", "a"), 3);
  // One that was built before is ready though the service is away.
  comments_.Stop();
  StopProjection();
  StartProjection();
  told = 0;
  projection_->progress().WhenReady([&told](bool known) { told = known ? 1 : 2; });
  EXPECT_TRUE(Await([&told] { return told == 1; }));
}

TEST_P(ProjectorTest, TheLagIsNearZeroWhileTheStreamFlowsAndGrowsWhenItIsGone) {
  CommentEverywhere(1);
  StartProjection();
  ASSERT_TRUE(CatchesUp());
  const auto lag = [this] { return projection_->progress().Lag(SteadyTime::Now()); };
  ASSERT_TRUE(Await([&] { return projection_->progress().following(); }));
  EXPECT_TRUE(Await([&] { return lag() < absl::Milliseconds(500); }));
  comments_.Stop();
  EXPECT_TRUE(Await([&] { return lag() > absl::Milliseconds(700); }));
  comments_.Start();
  EXPECT_TRUE(Await([&] { return lag() < absl::Milliseconds(500); }));
}

TEST_P(ProjectorTest, NoReaderFindsARowOlderThanTheProgressSays) {
  StartProjection();
  ASSERT_TRUE(Await([this] { return projection_->progress().following(); }));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 500; ++i) comments_.Comment("northlight", "a");
    done = true;
  });
  // Every event is one of this thread, so the count is the position.
  while (!done || projection_->progress().point() != comments_.head()) {
    const std::int64_t position = projection_->progress().point().position;
    EXPECT_GE(Count("northlight", "a"), position);
  }
  writer.join();
  EXPECT_EQ(Count("northlight", "a"), 500);
}

TEST_P(ProjectorTest, StoppingDoesNotWaitForAServiceThatDoesNotAnswer) {
  HoldSnapshotPages();
  StartProjection();
  ASSERT_TRUE(Await([this] { return comments_.snapshots_begun() > 0; }));
  const SteadyTime begin = SteadyTime::Now();
  StopProjection();
  EXPECT_LT(SteadyTime::Now() - begin, absl::Seconds(3));
  go_on_ = true;
}

}  // namespace
}  // namespace marginalia
