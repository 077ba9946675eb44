#include "services/net/paused_peers.h"

#include "services/net/peer_name.h"

namespace marginalia {

PausedPeers& PausedPeers::OfProcess() {
  static auto* peers = new PausedPeers;
  return *peers;
}

void PausedPeers::Pause(std::string_view peer) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(until_, [now](const auto& each) { return each.second <= now; });
  if (until_.size() < kPausedPeersMax) until_[HostOf(peer)] = now + kPeerPause;
}

bool PausedPeers::Contains(std::string_view peer) {
  const std::lock_guard lock(mutex_);
  const auto found = until_.find(HostOf(peer));
  return found != until_.end() && std::chrono::steady_clock::now() < found->second;
}

}  // namespace marginalia
