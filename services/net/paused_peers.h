// Hosts whose connections the process has ended for what they did with them, and from which it
// takes no new ones for a moment: whoever floods it would come back at once, and the next flood
// would begin. One for the process, as what gRPC counts is. Thread-safe.
#ifndef MARGINALIA_SERVICES_NET_PAUSED_PEERS_H_
#define MARGINALIA_SERVICES_NET_PAUSED_PEERS_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace marginalia {

// Long for a flood; for somebody else behind the same address, one more attempt to connect.
inline constexpr std::chrono::seconds kPeerPause{1};
// Further hosts are not remembered.
inline constexpr std::size_t kPausedPeersMax = 1024;

class PausedPeers {
 public:
  static PausedPeers& OfProcess();

  // `peer` is a name as peer_name.h has it; all connections of its host are meant.
  void Pause(std::string_view peer);
  bool Contains(std::string_view peer);

 private:
  std::mutex mutex_;
  // Until when, by host.
  std::map<std::string, std::chrono::steady_clock::time_point, std::less<>> until_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_PAUSED_PEERS_H_
