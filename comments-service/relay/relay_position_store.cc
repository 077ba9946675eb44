#include "comments-service/relay/relay_position_store.h"

namespace marginalia {

std::vector<std::string> RelayPositionSchema() {
  return {
      "CREATE TABLE relay_position ("
      " only_row INTEGER PRIMARY KEY CHECK (only_row = 1),"
      " log_id TEXT NOT NULL,"
      " position BIGINT NOT NULL,"
      " stream_created BIGINT NOT NULL,"
      " stream_sequence BIGINT NOT NULL)",
      "INSERT INTO relay_position (only_row, log_id, position, stream_created, stream_sequence)"
      " VALUES (1, '', 0, 0, 0)"};
}

RelayPosition LoadRelayPosition(Connection& connection) {
  RelayPosition position;
  connection.sql()
      << "SELECT log_id, position, stream_created, stream_sequence FROM relay_position",
      soci::into(position.point.log_id), soci::into(position.point.position),
      soci::into(position.stream_created), soci::into(position.stream_sequence);
  return position;
}

void StoreRelayPosition(Connection& connection, const RelayPosition& position) {
  connection.sql() << "UPDATE relay_position SET log_id = :log, position = :position,"
                      " stream_created = :created, stream_sequence = :sequence"
                      " WHERE log_id <> :same_log OR stream_created <> :same_stream"
                      " OR position < :older",
      soci::use(position.point.log_id), soci::use(position.point.position),
      soci::use(position.stream_created), soci::use(position.stream_sequence),
      soci::use(position.point.log_id), soci::use(position.stream_created),
      soci::use(position.point.position);
}

}  // namespace marginalia
