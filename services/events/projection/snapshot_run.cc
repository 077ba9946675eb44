#include "services/events/projection/snapshot_run.h"

#include <utility>

#include "absl/random/random.h"
#include "absl/time/clock.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

std::int64_t NewRunId() {
  absl::BitGen random;
  return absl::Uniform<std::int64_t>(random, 1, INT64_MAX);
}

absl::Status Interrupted(std::string_view message) {
  return Refusal(absl::StatusCode::kUnavailable, "SNAPSHOT_INTERRUPTED", message, {},
                 absl::Seconds(1));
}

}  // namespace

SnapshotRun::SnapshotRun(EventSource& source, Projection& projection, Database& database,
                         GroupCommit& writes)
    : source_(source),
      projection_(projection),
      database_(database),
      writes_(writes),
      run_id_(NewRunId()) {}

absl::Status SnapshotRun::StagePage() {
  if (!begun_) begin_time_ = absl::Now();
  absl::StatusOr<SnapshotPage> page = source_.ReadSnapshot(next_page_token_);
  if (!page.ok()) return page.status();
  if (!begun_) as_of_ = page->as_of;
  if (page->as_of != as_of_)
    return Interrupted("The snapshot changed while it was read; try again.");
  const absl::Status stored = writes_.SubmitAndWait(
      absl::Now() + kProjectionWriteWaitMax, Tenants::All(), [this, &page](Connection& connection) {
        if (!begun_) projection_.ClearStaged(connection);
        projection_.Stage(connection, run_id_, *page->facts);
        return absl::OkStatus();
      });
  if (!stored.ok()) return stored;
  begun_ = true;
  row_count_ += page->row_count;
  next_page_token_ = std::move(page->next_page_token);
  staged_ = next_page_token_.empty();
  return absl::OkStatus();
}

absl::StatusOr<ProjectionCheck> SnapshotRun::Compare(std::int64_t newer_than) {
  std::int64_t differing = 0;
  absl::Status status = database_.Read(Tenants::All(), [&](Connection& connection) {
    if (absl::Status complete = CheckComplete(connection); !complete.ok()) return complete;
    differing = projection_.CountDiffering(connection, run_id_, newer_than);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  status = writes_.SubmitAndWait(absl::Now() + kProjectionWriteWaitMax, Tenants::All(),
                                 [this](Connection& connection) {
                                   projection_.ClearStaged(connection);
                                   return absl::OkStatus();
                                 });
  if (!status.ok()) return status;
  return ProjectionCheck{row_count_, differing, as_of_};
}

absl::StatusOr<ProjectionCheck> SnapshotRun::Replace(std::int64_t newer_than) {
  std::int64_t replaced = 0;
  const absl::Status status = writes_.SubmitAndWait(
      absl::Now() + kProjectionWriteWaitMax, Tenants::All(), [&](Connection& connection) {
        if (absl::Status complete = CheckComplete(connection); !complete.ok()) return complete;
        // First the position: its row is what processes that share the database lock.
        ProjectionPosition::Reset(connection, as_of_, begin_time_);
        replaced = projection_.Replace(connection, run_id_, as_of_.position, newer_than);
        projection_.ClearStaged(connection);
        position_ = ProjectionPosition::Read(connection);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return ProjectionCheck{row_count_, replaced, as_of_};
}

// Another process that shares the database may have begun a run of its own, and cleared this one.
absl::Status SnapshotRun::CheckComplete(Connection& connection) {
  if (projection_.StagedRows(connection, run_id_) == row_count_) return absl::OkStatus();
  return Interrupted("Another process is reading the snapshot into this database; try again.");
}

}  // namespace marginalia
