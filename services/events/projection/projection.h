// State that is derived from another service's event log, in tables of the service's own.
// Implemented by the service; called by the projector.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/events/projection/event_source.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Which rows were written by events that a snapshot need not contain yet.
inline constexpr std::int64_t kNoRowIsNewer = INT64_MAX;
// Stored rows that are held against the snapshot at a time: so long at most do others' writes wait
// for a rebuild.
inline constexpr std::size_t kSliceRowsMax = 1000;

// What is stored is held against the snapshot a slice at a time, in the order of the keys: from
// behind `after` to the last row of the page, or, with the last page, to the end of all.
struct SnapshotSlice {
  const StateUpdate& page;
  bool first_of_page = false;
  bool last_page = false;
  // Where the slice before ended; empty: nowhere yet.
  std::string after;
  // The position that the snapshot is as of.
  std::int64_t as_of = 0;
  // A row that an event after this position wrote may be ahead of the snapshot. To be called when
  // all that the page can contain has been applied.
  std::int64_t newer_than = 0;
};

struct SliceOutcome {
  // Rows that are wrong, missing or too many.
  std::int64_t rows_differing = 0;
  // The `after` of the next slice. Only the projection knows what stands in it.
  std::string reached;
  // The page is done with.
  bool page_done = false;
};

class Projection {
 public:
  virtual ~Projection() = default;

  // Writer thread, in the transaction that also records the position. An update may come twice, and
  // must then change nothing; older ones never overwrite newer ones.
  virtual void Apply(Connection& connection, const StateUpdate& update) = 0;

  // Compares a slice, or also repairs it, in a write. Fails when the page is not in order.
  virtual absl::StatusOr<SliceOutcome> Compare(Connection& connection,
                                               const SnapshotSlice& slice) = 0;
  virtual absl::StatusOr<SliceOutcome> Repair(Connection& connection,
                                              const SnapshotSlice& slice) = 0;

  // Projector thread, after the commit and before anyone is told of the progress: drops what caches
  // hold of the rows that `update` changed, or of all rows.
  virtual void Invalidate(const StateUpdate& update) = 0;
  virtual void InvalidateAll() = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_H_
