#include "services/rpc/shield/connection_guard.h"

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
#include "services/telemetry/process_metrics.h"

namespace marginalia {
namespace {

// Whoever is cut off may come back, and again.
constexpr absl::Duration kLogInterval = absl::Seconds(1);
constexpr std::int64_t kCallsBetweenLooks = kStreamsPerConnectionMax / 2;
constexpr double kGrowthBetweenLooks = 16.0 * 1024 * 1024;

}  // namespace

ConnectionGuard::ConnectionGuard(Counter& ended) : ended_(ended) {
  grpc_init();
  thread_ = std::thread([this] { Work(); });
}

ConnectionGuard::~ConnectionGuard() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  grpc_shutdown();
}

void ConnectionGuard::Work() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, absl::ToChronoNanoseconds(kConnectionGuardInterval),
                            [this] { return ending_; })) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

void ConnectionGuard::Look() {
  const std::int64_t calls = CallsNotAnswered();
  const double bytes = ResidentBytes();
  calls_looked_at_ = std::min(calls_looked_at_, calls);
  bytes_looked_at_ = std::min(bytes_looked_at_, bytes);
  const bool has_grown = bytes - bytes_looked_at_ >= kGrowthBetweenLooks;
  if (calls - calls_looked_at_ < kCallsBetweenLooks && !has_grown && !unread_.found_too_many()) {
    return;
  }
  calls_looked_at_ = calls;
  if (has_grown) bytes_looked_at_ = bytes;
  EndThoseWithTooMany();
}

void ConnectionGuard::EndThoseWithTooMany() {
  std::vector<ServedConnection> connections = ServedConnections();
  std::sort(connections.begin(), connections.end(), [](const auto& left, const auto& right) {
    return left.unfinished_calls > right.unfinished_calls;
  });
  const std::unordered_set<std::int64_t> resetting =
      resets_.Overspent(connections, SteadyTime::Now());
  const std::unordered_set<std::int64_t> uploading = unread_.TooMany(connections);
  std::int64_t all = 0;
  for (const ServedConnection& connection : connections) all += connection.unfinished_calls;
  for (const ServedConnection& connection : connections) {
    const bool piles_up =
        connection.unfinished_calls > kUnfinishedCallsPerConnectionMax || all > kUnfinishedCallsMax;
    const bool uploads = uploading.contains(connection.id);
    if (!piles_up && !uploads && !resetting.contains(connection.id)) continue;
    all -= connection.unfinished_calls;
    // One that has ended may still be there while its calls end.
    if (!EndConnection(connection.peer, connection.local_port)) continue;
    PausedPeers::OfProcess().Pause(connection.peer);
    ended_.Add();
    LogEnd(connection, uploads);
  }
}

void ConnectionGuard::LogEnd(const ServedConnection& connection, bool uploads) {
  ++ends_not_logged_;
  const SteadyTime now = SteadyTime::Now();
  if (now < log_after_) return;
  Log(Severity::kWarning,
      uploads ? "a connection was ended: its client sends more than there is room for in messages "
                "that do not end; find out who it is and fix it, or keep it out"
              : "a connection was ended: its client resets calls faster than others can bear; find "
                "out who it is and fix it, or keep it out",
      {{"peer", connection.peer},
       {"unfinished_calls", connection.unfinished_calls},
       {"reset_calls", connection.reset_calls},
       {"received_bytes", connection.received_bytes},
       {"connections_ended", ends_not_logged_}});
  log_after_ = now + kLogInterval;
  ends_not_logged_ = 0;
}

}  // namespace marginalia
