// One reading of the source's whole snapshot, held against the projection's rows a slice at a time:
// to compare them, to repair what differs while events go on being applied, or to build the
// projection when its position leads no further. Memory and transactions stay bounded however many
// rows there are. Used by the projector's thread only.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_REBUILD_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_REBUILD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/projection/event_source.h"
#include "services/events/projection/position.h"
#include "services/events/projection/projection.h"
#include "services/events/projection/snapshot_reader.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

// A write of the projector waits this long in the queue of the service's own writes.
inline constexpr absl::Duration kProjectionWriteWaitMax = absl::Seconds(30);

// What holding a projection against the snapshot found.
struct ProjectionCheck {
  std::int64_t rows_checked = 0;
  std::int64_t rows_differing = 0;
  // The log as the snapshot's first page found it.
  LogPoint as_of;
};

class Rebuild {
 public:
  enum class Kind {
    // Compares and changes nothing.
    kVerify,
    // Repairs what differs. Nothing that an event has written since becomes older, and the
    // position stays where it is.
    kRepair,
    // Makes the rows those of the snapshot, and the position that of the snapshot. With rows of the
    // same log it is as a repair, and they are served meanwhile. Rows of another log, or of none,
    // count for nothing: the position is forgotten first, so that nobody is told of counts that
    // nobody knows.
    kBuild,
  };

  // Nothing is owned. Begins to read.
  Rebuild(Kind kind, SnapshotReader& reader, Projection& projection, Database& database,
          GroupCommit& writes);

  // Does the next piece of work, if there is one: a slice. `reached` is how far the projection is;
  // what a page can contain must be applied before it is held against it, but for kBuild.
  // Returns whether there was one. An error ends it.
  absl::StatusOr<bool> Step(const LogPoint& reached);
  // Whether Step may have work that waits for no event and no page.
  bool due() const { return page_.has_value() && !waits_for_events_; }
  bool done() const { return done_; }

  Kind kind() const { return kind_; }
  const ProjectionCheck& result() const { return result_; }
  // The position row as a rebuild has left it, at its beginning or at its end; nothing otherwise.
  const std::optional<ProjectionPosition>& position() const { return position_; }

 private:
  absl::Status Take(absl::StatusOr<ReadPage> read);
  absl::Status Begin(const LogPoint& as_of);
  absl::Status DoSlice();
  absl::Status Compare(const SnapshotSlice& slice, SliceOutcome& outcome);
  absl::Status Repair(const SnapshotSlice& slice, SliceOutcome& outcome);
  absl::Status CheckHeld(const ProjectionPosition& stored) const;

  const Kind kind_;
  SnapshotReader& reader_;
  Projection& projection_;
  Database& database_;
  GroupCommit& writes_;
  const absl::Time begin_time_;
  bool begun_ = false;
  bool done_ = false;
  bool waits_for_events_ = false;
  std::optional<ReadPage> page_;  // the one that is held against the rows
  bool page_begins_ = false;
  std::string reached_;  // see SnapshotSlice::after
  std::int64_t newer_than_ = 0;
  // Of a build from nothing: the number that the position row must still have.
  std::optional<std::int64_t> rebuild_count_;
  ProjectionCheck result_;
  std::optional<ProjectionPosition> position_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_REBUILD_H_
