#include "services/rpc/shield/reset_guard.h"

#include <grpc/grpc.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "services/net/paused_peers.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/rpc/shield/channelz.h"
#include "services/rpc/shield/connection_end.h"
#include "services/telemetry/metrics.h"

namespace marginalia {
namespace {

// Whoever is cut off may come back, and again.
constexpr absl::Duration kLogInterval = absl::Seconds(1);
constexpr std::int64_t kCallsBetweenLooks = kStreamsPerConnectionMax / 2;

}  // namespace

ResetGuard::ResetGuard(Counter& ended) : ended_(ended) {
  grpc_init();
  thread_ = std::thread([this] { Work(); });
}

ResetGuard::~ResetGuard() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  grpc_shutdown();
}

void ResetGuard::Work() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, absl::ToChronoNanoseconds(kResetGuardInterval),
                            [this] { return ending_; })) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

void ResetGuard::Look() {
  const std::int64_t calls = CallsNotAnswered();
  calls_looked_at_ = std::min(calls_looked_at_, calls);
  if (calls - calls_looked_at_ < kCallsBetweenLooks) return;
  calls_looked_at_ = calls;
  EndThoseWithTooMany();
}

void ResetGuard::EndThoseWithTooMany() {
  std::vector<ServedConnection> connections = ServedConnections();
  std::sort(connections.begin(), connections.end(), [](const auto& left, const auto& right) {
    return left.unfinished_calls > right.unfinished_calls;
  });
  const std::unordered_set<std::int64_t> resetting =
      resets_.Overspent(connections, SteadyTime::Now());
  std::int64_t all = 0;
  for (const ServedConnection& connection : connections) all += connection.unfinished_calls;
  for (const ServedConnection& connection : connections) {
    const bool piles_up =
        connection.unfinished_calls > kUnfinishedCallsPerConnectionMax || all > kUnfinishedCallsMax;
    if (!piles_up && !resetting.contains(connection.id)) continue;
    all -= connection.unfinished_calls;
    // One that has ended may still be there while its calls end.
    if (!EndConnection(connection.peer, connection.local_port)) continue;
    PausedPeers::OfProcess().Pause(connection.peer);
    ended_.Add();
    LogEnd(connection);
  }
}

void ResetGuard::LogEnd(const ServedConnection& connection) {
  ++ends_not_logged_;
  const SteadyTime now = SteadyTime::Now();
  if (now < log_after_) return;
  Log(Severity::kWarning,
      "a connection was ended: its client resets calls faster than others can bear; find out who "
      "it is and fix it, or keep it out",
      {{"peer", connection.peer},
       {"unfinished_calls", connection.unfinished_calls},
       {"reset_calls", connection.reset_calls},
       {"connections_ended", ends_not_logged_}});
  log_after_ = now + kLogInterval;
  ends_not_logged_ = 0;
}

}  // namespace marginalia
