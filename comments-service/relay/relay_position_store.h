// How far the log has been relayed to a broker: one row of the database. The stream itself is asked
// first, since it knows better what it has; this row answers where the stream no longer can, after
// a purge for one. Used by Relay alone.
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_POSITION_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_POSITION_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/storage/connection/connection.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

struct RelayPosition {
  // All events at or before it are in the stream. An empty log id: nothing was ever relayed.
  LogPoint point;
  // When the stream was made, in nanoseconds since 1970: a stream that was made again is another.
  std::int64_t stream_created = 0;
  // The stream's newest sequence at that point.
  std::int64_t stream_sequence = 0;

  friend bool operator==(const RelayPosition&, const RelayPosition&) = default;
};

// The statements that create the row, for the service's migration.
std::vector<std::string> RelayPositionSchema();

RelayPosition LoadRelayPosition(Connection& connection);
// In a write. A position that is older than what is stored, of the same log and stream, comes from
// a relay that another one has replaced: it changes nothing.
void StoreRelayPosition(Connection& connection, const RelayPosition& position);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_POSITION_STORE_H_
