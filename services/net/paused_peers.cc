#include "services/net/paused_peers.h"

#include <algorithm>
#include <string>

#include "services/net/peer_name.h"

namespace marginalia {

PausedPeers& PausedPeers::OfProcess() {
  static auto* peers = new PausedPeers;
  return *peers;
}

void PausedPeers::Pause(std::string_view peer) {
  const std::string host = HostOf(peer);
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_();
  const auto before = hosts_.Find(host);
  if (before.has_value() && now < before->until) return;
  const bool again = before.has_value() && now < before->until + kPeerPauseMemory;
  const absl::Duration pause = again ? std::min(2 * before->pause, kPeerPauseMax) : kPeerPause;
  hosts_.Insert(host, {.pause = pause, .until = now + pause}, sizeof(Paused));
}

bool PausedPeers::Contains(std::string_view peer) {
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.Find(HostOf(peer));
  return found.has_value() && clock_() < found->until;
}

}  // namespace marginalia
