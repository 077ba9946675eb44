// The one row that says how far a database's projection has got. It changes in the transactions
// that change the projection, so that neither is ever ahead of the other, and it is compared before
// it is set, so that several processes may follow the same log into one database.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_POSITION_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_POSITION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/storage/connection/connection.h"
#include "services/storage/group/group_commit.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

struct ProjectionPosition {
  // An empty log id: nothing was ever projected.
  LogPoint point;
  // All that had happened by then is projected.
  absl::Time complete_until;
  // One more whenever a rebuild, by whichever process, has changed rows: at its end, and when it
  // forgets the position at its beginning.
  std::int64_t rebuild_count = 0;

  // The statements that create the row, for a service's migration.
  static std::vector<std::string> Schema();

  static ProjectionPosition Read(Connection& connection);

  // In a write: moves on to `to`, having applied what follows `first_position` - 1, and locks the
  // row until the transaction ends. False: the row is of another log, not there yet, or there
  // already.
  static bool Advance(Connection& connection, std::int64_t first_position, const LogPoint& to,
                      absl::Time complete_until);

  // In a write: reads the row and locks it until the transaction ends.
  static ProjectionPosition Lock(Connection& connection);

  // In a write that has locked the row: as a rebuild leaves it.
  static void Store(Connection& connection, const ProjectionPosition& position);
};

// Locks the row before all that a group of writes locks. Every write beside the projection's goes
// through it, where processes share the database: they never wait for each other in a circle, and
// what one writes of a thing sees all that another one has just applied of it, or is seen by that.
class PositionLock final : public GroupParticipant {
 public:
  void Lock(Connection& connection) override;
  void Begin(Connection&) override {}
  void BeforeCommit(Connection&) override {}
  void Committed() override {}
  void RolledBack() override {}
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_POSITION_H_
