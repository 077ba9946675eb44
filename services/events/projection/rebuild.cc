#include "services/events/projection/rebuild.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"

namespace marginalia {
namespace {

absl::Status Interrupted(std::string_view message) {
  return Refusal(absl::StatusCode::kUnavailable, "SNAPSHOT_INTERRUPTED", message, {},
                 absl::Seconds(1));
}

}  // namespace

Rebuild::Rebuild(Kind kind, SnapshotReader& reader, Projection& projection, Database& database,
                 GroupCommit& writes)
    : kind_(kind),
      reader_(reader),
      projection_(projection),
      database_(database),
      writes_(writes),
      begin_time_(absl::Now()) {
  reader_.Ask("");
}

absl::StatusOr<bool> Rebuild::Step(const LogPoint& reached) {
  if (!page_.has_value()) {
    std::optional<absl::StatusOr<ReadPage>> read = reader_.Take();
    if (!read.has_value()) return false;
    const bool begins = !begun_;
    if (absl::Status taken = Take(*std::move(read)); !taken.ok()) return taken;
    // First let nobody be told any more what is about to change.
    if (begins && kind_ == Kind::kBuild) return true;
  }
  if (kind_ != Kind::kBuild) {
    if (reached.log_id != page_->complete_at.log_id) {
      return Interrupted("The event log was replaced by another one meanwhile; try again.");
    }
    waits_for_events_ = reached.position < page_->complete_at.position;
    if (waits_for_events_) return false;
  }
  if (absl::Status sliced = DoSlice(); !sliced.ok()) return sliced;
  return true;
}

absl::Status Rebuild::Take(absl::StatusOr<ReadPage> read) {
  if (!read.ok()) return read.status();
  if (!begun_) {
    if (absl::Status begun = Begin(read->page.as_of); !begun.ok()) return begun;
  } else if (read->page.as_of != result_.as_of) {
    return Interrupted("The snapshot changed while it was read; try again.");
  }
  result_.rows_checked += read->page.row_count;
  page_ = *std::move(read);
  page_begins_ = true;
  return absl::OkStatus();
}

absl::Status Rebuild::Begin(const LogPoint& as_of) {
  result_.as_of = as_of;
  newer_than_ = as_of.position;
  begun_ = true;
  if (kind_ != Kind::kBuild) return absl::OkStatus();
  return writes_.SubmitAndWait(
      SteadyTime::Now() + kProjectionWriteWaitMax, [this, &as_of](Connection& connection) {
        newer_than_ = as_of.position;
        rebuild_count_.reset();
        position_ = ProjectionPosition::Lock(connection);
        const LogPoint& stored = position_->point;
        // A log that has lost its end holds other events at the positions that were lost.
        if (stored.log_id == as_of.log_id && stored.position <= as_of.position) {
          return absl::OkStatus();
        }
        newer_than_ = kNoRowIsNewer;
        position_->point = {};
        rebuild_count_ = ++position_->rebuild_count;
        ProjectionPosition::Store(connection, *position_);
        return absl::OkStatus();
      });
}

absl::Status Rebuild::DoSlice() {
  const SnapshotSlice slice{.page = *page_->page.update,
                            .first_of_page = page_begins_,
                            .last_page = page_->page.next_page_token.empty(),
                            .after = reached_,
                            .as_of = result_.as_of.position,
                            .newer_than = newer_than_};
  SliceOutcome outcome;
  const absl::Status sliced =
      kind_ == Kind::kVerify ? Compare(slice, outcome) : Repair(slice, outcome);
  if (!sliced.ok()) return sliced;
  result_.rows_differing += outcome.rows_differing;
  reached_ = std::move(outcome.reached);
  page_begins_ = false;
  if (!outcome.page_done) return absl::OkStatus();
  done_ = slice.last_page;
  if (!done_) reader_.Ask(page_->page.next_page_token);
  page_.reset();
  return absl::OkStatus();
}

absl::Status Rebuild::Compare(const SnapshotSlice& slice, SliceOutcome& outcome) {
  auto compared = ReadValue<SliceOutcome>(database_, Tenants::All(), [&](Connection& connection) {
    return projection_.Compare(connection, slice);
  });
  if (compared.ok()) outcome = *std::move(compared);
  return compared.status();
}

absl::Status Rebuild::Repair(const SnapshotSlice& slice, SliceOutcome& outcome) {
  return writes_.SubmitAndWait(
      SteadyTime::Now() + kProjectionWriteWaitMax, Tenants::All(), [&](Connection& connection) {
        // Its row is what processes that share the database lock before they apply events.
        ProjectionPosition stored = ProjectionPosition::Lock(connection);
        if (absl::Status held = CheckHeld(stored); !held.ok()) return held;
        absl::StatusOr<SliceOutcome> repaired = projection_.Repair(connection, slice);
        if (!repaired.ok()) return repaired.status();
        outcome = *std::move(repaired);
        if (!outcome.page_done || !slice.last_page) return absl::OkStatus();
        ++stored.rebuild_count;
        if (kind_ == Kind::kBuild) {
          stored.point.log_id = result_.as_of.log_id;
          stored.point.position = std::max(stored.point.position, result_.as_of.position);
          stored.complete_until = std::max(stored.complete_until, begin_time_);
        }
        ProjectionPosition::Store(connection, stored);
        position_ = stored;
        return absl::OkStatus();
      });
}

// Another process that shares the database may have begun to build the projection anew.
absl::Status Rebuild::CheckHeld(const ProjectionPosition& stored) const {
  const bool held = rebuild_count_.has_value()
                        ? stored.point.log_id.empty() && stored.rebuild_count == *rebuild_count_
                        : stored.point.log_id == result_.as_of.log_id;
  if (held) return absl::OkStatus();
  return Interrupted("Another process has begun to build the projection anew; try again.");
}

}  // namespace marginalia
