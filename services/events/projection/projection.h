// State that is derived from another service's event log, in tables of the service's own.
// Implemented by the service; called by the projector.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_H_

#include <cstdint>

#include "services/events/projection/event_source.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Which rows were written by events that a snapshot need not contain yet.
inline constexpr std::int64_t kNoRowIsNewer = INT64_MAX;

class Projection {
 public:
  virtual ~Projection() = default;

  // Writer thread, in the transaction that also records the position. Facts may come twice, and
  // must then change nothing; older ones never overwrite newer ones.
  virtual void Apply(Connection& connection, const Facts& facts) = 0;

  // A snapshot is staged page by page beside what is served, under an id of the run. Writer thread.
  virtual void Stage(Connection& connection, std::int64_t run_id, const Facts& facts) = 0;
  virtual std::int64_t StagedRows(Connection& connection, std::int64_t run_id) = 0;
  // Removes what is staged, of this run and of any that was cut off.
  virtual void ClearStaged(Connection& connection) = 0;

  // How many rows differ from the staged snapshot. A row written by an event after `newer_than` may
  // be ahead of the snapshot; to be called when all that the snapshot can contain has been applied.
  virtual std::int64_t CountDiffering(Connection& connection, std::int64_t run_id,
                                      std::int64_t newer_than) = 0;
  // Writes the staged snapshot over every row that differs, as of the position `as_of`. Returns how
  // many did.
  virtual std::int64_t Replace(Connection& connection, std::int64_t run_id, std::int64_t as_of,
                               std::int64_t newer_than) = 0;

  // Projector thread, after the commit and before anyone is told of the progress: drops what caches
  // hold of the rows that `facts` changed, or of all rows.
  virtual void Invalidate(const Facts& facts) = 0;
  virtual void InvalidateAll() = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_H_
