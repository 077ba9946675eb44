// Whose turn it is to relay, among the replicas on one PostgreSQL: an advisory lock on a session of
// its own, which another replica gets as soon as this session ends, however it ends. A SQLite file
// has one process, and so it is always that one's turn. Used by one thread.
//
// The lock spares the broker two relays at odds. That two at a time would do no harm is the
// stream's doing: it takes only what follows its newest event (RelayStream).
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_TURN_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_TURN_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

class RelayTurn {
 public:
  explicit RelayTurn(std::string database_url) : database_url_(std::move(database_url)) {}

  // True: it is this process's turn, until Release or until Held says that it is over. False: it is
  // another one's. UNAVAILABLE when the database cannot be asked.
  absl::StatusOr<bool> Take();
  // Asks the database whether the session still lives.
  bool Held();
  bool held() const { return held_; }
  void Release();

 private:
  const std::string database_url_;
  std::unique_ptr<Connection> session_;  // PostgreSQL only
  bool held_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_TURN_STORE_H_
