// Hosts whose connections the process has ended for what they did with them, and from which it
// takes no new ones for a while: whoever floods it would come back at once, and the next flood
// would begin. One for the process, as what gRPC counts is. Thread-safe.
#ifndef MARGINALIA_SERVICES_NET_PAUSED_PEERS_H_
#define MARGINALIA_SERVICES_NET_PAUSED_PEERS_H_

#include <cstddef>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "services/cache/lru.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// The first one: for somebody else behind the same address, one more attempt to connect.
inline constexpr absl::Duration kPeerPause = absl::Seconds(1);
// Each further one is twice as long, up to here: whenever a flood begins anew, everybody else waits
// for what gRPC has taken in before it was noticed, at times for seconds.
inline constexpr absl::Duration kPeerPauseMax = absl::Seconds(8);
// Who has not flooded for so long begins anew.
inline constexpr absl::Duration kPeerPauseMemory = absl::Minutes(1);
// The hosts that were paused last; others are let in again.
inline constexpr std::size_t kPausedPeersMax = 1024;

class PausedPeers {
 public:
  static PausedPeers& OfProcess();

  explicit PausedPeers(std::function<SteadyTime()> clock = SteadyTime::Now)
      : clock_(std::move(clock)) {}

  // `peer` is a name as peer_name.h has it; all connections of its host are meant. Nothing changes
  // for a host that is paused: its further connections are of the same flood.
  void Pause(std::string_view peer);
  bool Contains(std::string_view peer);

 private:
  struct Paused {
    absl::Duration pause;
    SteadyTime until;
  };

  const std::function<SteadyTime()> clock_;
  std::mutex mutex_;
  Lru<Paused, 1> hosts_{{.entries_max = kPausedPeersMax, .bytes_max = 256 * 1024}};
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_PAUSED_PEERS_H_
