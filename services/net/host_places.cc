#include "services/net/host_places.h"

#include <sys/socket.h>

#include "services/net/peer_name.h"

namespace marginalia {

bool HostPlaces::Take(int socket, int sockets_end, std::string_view host) {
  const int most = sockets_end / 4 * kHostQuarters;
  // The system gives out the lowest number that is free: this many are open at least.
  if (socket < most) return true;
  const SteadyTime now = SteadyTime::Now();
  if (count_again_ <= now) {
    Count(sockets_end);
    count_again_ = now + kHostCountAge;
  }
  int& count = counts_[std::string(host)];
  if (count >= most) return false;
  ++count;
  return true;
}

void HostPlaces::Count(int sockets_end) {
  counts_.clear();
  for (int socket = 0; socket < sockets_end; ++socket) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    if (getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    const std::string name = PeerName(peer);
    if (!name.empty()) ++counts_[HostOf(name)];
  }
}

}  // namespace marginalia
