// How long a PostgreSQL server may leave a statement without an answer. libpq waits without end,
// and a server that is stopped, or behind a network that swallows packets, looks alive to the
// kernel. So one thread of the process looks after all connections, and shuts the socket of one
// that has waited too long: its statement then fails as on any connection that is lost. One for
// each connection, and used by its thread.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_ANSWER_LIMIT_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_ANSWER_LIMIT_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace marginalia {

// After this the server gives up a statement by itself. Longer than it waits for a lock
// (kLockWaitMax), shorter than we wait for it.
inline constexpr absl::Duration kStatementMax = absl::Seconds(4);
// After this without an answer the server counts as lost.
inline constexpr absl::Duration kAnswerWaitMax = absl::Seconds(5);
// The same for what goes through whole tables: migrations, and the comparison of a projection.
inline constexpr absl::Duration kLongStatementMax = absl::Minutes(60);

class AnswerLimit {
 public:
  // Of the connection on `socket`, which is libpq's to close. Throws when files have run out.
  explicit AnswerLimit(int socket);
  ~AnswerLimit();
  AnswerLimit(const AnswerLimit&) = delete;
  AnswerLimit& operator=(const AnswerLimit&) = delete;

  // The server is being asked, and must have answered within `max`. Again before each statement.
  void Asks(absl::Duration max);
  // It is not being asked anything.
  void Rests() { until_.store(0, std::memory_order_relaxed); }
  // Shuts the socket now: what is still said on it fails at once.
  void Cut();

 private:
  friend class AnswerWatchdog;
  // A descriptor of its own: libpq closes its one when a connection fails, and the number may then
  // be another file's.
  const int socket_;
  std::atomic<std::int64_t> until_ = 0;  // nanoseconds of the steady clock; 0: rests
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_ANSWER_LIMIT_H_
