// What holds against two floods that need no token. HTTP/2 rapid reset: a client that begins calls
// and resets them at once never has too many open, but the server is not done with a call when its
// client is, and gRPC 1.51 lets those that it is not done with pile up without limit. A thread of
// its own looks at what gRPC counts of all servers of the process, and ends a connection with far
// more unfinished calls than it may have open, or one that resets more than anybody needs to
// (reset_budget.h). Messages that never end: one that has sent most of them is ended when there are
// too many (unread_messages.h). Its host is kept out for a while (paused_peers.h). Ordinary calls
// pay nothing. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_SHIELD_CONNECTION_GUARD_H_
#define MARGINALIA_SERVICES_RPC_SHIELD_CONNECTION_GUARD_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "services/process/stopwatch.h"
#include "services/rpc/server/server.h"
#include "services/rpc/shield/channelz.h"
#include "services/rpc/shield/reset_budget.h"
#include "services/rpc/shield/unread_messages.h"

namespace marginalia {

class Counter;

// Unfinished calls of a connection beyond which it is ended: as many as may be open, all of them
// cancelled by their client, and as many again. A call takes about 16 KiB.
inline constexpr std::int64_t kUnfinishedCallsPerConnectionMax = 2 * kStreamsPerConnectionMax;
// Of all connections together; beyond it the one with most is ended.
inline constexpr std::int64_t kUnfinishedCallsMax = 16 * kStreamsPerConnectionMax;
// How often it looks. A client can begin some hundred calls meanwhile.
inline constexpr absl::Duration kConnectionGuardInterval = absl::Milliseconds(10);

class ConnectionGuard {
 public:
  // `ended` counts the connections; it must outlive the guard.
  explicit ConnectionGuard(Counter& ended);
  ~ConnectionGuard();

 private:
  void Work();
  void Look();
  void EndThoseWithTooMany();
  void LogEnd(const ServedConnection& connection, bool uploads);

  Counter& ended_;
  // Used by the thread alone. Connections are looked at one by one only when the calls that were
  // not answered, or the memory of the process, have become so much more.
  std::int64_t calls_looked_at_ = 0;
  double bytes_looked_at_ = 0;
  ResetBudget resets_;
  UnreadMessages unread_;
  SteadyTime log_after_;
  std::int64_t ends_not_logged_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_CONNECTION_GUARD_H_
