// Whose turn it is to do a work that one process at a time should do, among those that share a
// PostgreSQL database: an advisory lock on a session of its own, which another process gets as soon
// as this session ends, however it ends. A SQLite file has one process, and so it is always that
// one's turn. Used by one thread.
//
// A session may be lost unnoticed: for a moment two processes may both think that it is their turn.
// So a turn spares work, and what must not happen twice is prevented by other means.
#ifndef MARGINALIA_SERVICES_STORAGE_TURN_H_
#define MARGINALIA_SERVICES_STORAGE_TURN_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// The works that turns are taken for. Any number does, as long as all processes take the same.
enum class TurnOf : std::int64_t {
  kRelay = 0x4d6172676e61,
  kRebuild = 0x4d6172676e62,
};

class Turn {
 public:
  Turn(std::string database_url, TurnOf work)
      : database_url_(std::move(database_url)), work_(work) {}

  // True: it is this process's turn, until Release or until Held says that it is over. False: it is
  // another one's. UNAVAILABLE when the database cannot be asked.
  absl::StatusOr<bool> Take();
  // Asks the database whether the session still lives.
  bool Held();
  bool held() const { return held_; }
  void Release();

 private:
  const std::string database_url_;
  const TurnOf work_;
  std::unique_ptr<Connection> session_;  // PostgreSQL only
  bool held_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_TURN_H_
