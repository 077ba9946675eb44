// One reading of the source's snapshot into the projection's staging rows, a page at a time, so
// that memory stays bounded however many rows there are; then the comparison with what is served,
// or its replacement. Used by the projector's thread only.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_SNAPSHOT_RUN_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_SNAPSHOT_RUN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/projection/event_source.h"
#include "services/events/projection/position.h"
#include "services/events/projection/projection.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

// A write of the projector waits this long in the queue of the service's own writes.
inline constexpr absl::Duration kProjectionWriteWaitMax = absl::Seconds(30);

// What comparing a projection with the snapshot found.
struct ProjectionCheck {
  std::int64_t rows_checked = 0;
  std::int64_t rows_differing = 0;
  // The log as the snapshot's first page found it.
  LogPoint as_of;
};

class SnapshotRun {
 public:
  SnapshotRun(EventSource& source, Projection& projection, Database& database, GroupCommit& writes);

  // Stages the next page; staged() is true after the last one.
  absl::Status StagePage();
  bool staged() const { return staged_; }

  // Compares what is served with what is staged, and removes what is staged. See
  // Projection::CountDiffering for `newer_than`.
  absl::StatusOr<ProjectionCheck> Compare(std::int64_t newer_than);

  // Puts what is staged in place and sets the position back to as_of(), in one transaction.
  absl::StatusOr<ProjectionCheck> Replace(std::int64_t newer_than);

  const LogPoint& as_of() const { return as_of_; }
  // The position row as Replace left it.
  const ProjectionPosition& position() const { return position_; }

 private:
  absl::Status CheckComplete(Connection& connection);

  EventSource& source_;
  Projection& projection_;
  Database& database_;
  GroupCommit& writes_;
  const std::int64_t run_id_;
  bool staged_ = false;
  bool begun_ = false;
  absl::Time begin_time_;
  std::string next_page_token_;
  std::int64_t row_count_ = 0;
  LogPoint as_of_;
  ProjectionPosition position_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_SNAPSHOT_RUN_H_
