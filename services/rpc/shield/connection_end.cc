#include "services/rpc/shield/connection_end.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "services/net/peer_name.h"

namespace marginalia {
namespace {

bool IsBetween(int socket, std::string_view peer, int local_port) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (PeerName(address) != peer) return false;
  size = sizeof(address);
  return getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         PortOf(address) == local_port;
}

bool HasEnded(int socket) {
  pollfd state{socket, 0, 0};
  return poll(&state, 1, 0) == 1 && (state.revents & POLLHUP) != 0;
}

// What has come already would still be read, and each of its calls served. Once gRPC has closed it
// too, the peer is told so by a reset, instead of going on to send into a window that stays full.
void ShutDown(int socket) {
  std::array<char, 64 * 1024> ignored;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  shutdown(socket, SHUT_RDWR);
  while (recv(socket, ignored.data(), ignored.size(), MSG_DONTWAIT) > 0) continue;
}

}  // namespace

bool EndConnection(std::string_view peer, int local_port) {
  const std::unique_ptr<DIR, int (*)(DIR*)> descriptors(opendir("/proc/self/fd"), closedir);
  if (descriptors == nullptr) return false;
  while (const dirent* entry = readdir(descriptors.get())) {
    const int descriptor = std::atoi(entry->d_name);
    if (!IsBetween(descriptor, peer, local_port)) continue;
    // One of our own: gRPC may close its descriptor meanwhile, and its number be another's.
    const int held = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    const bool found = held >= 0 && IsBetween(held, peer, local_port) && !HasEnded(held);
    if (found) ShutDown(held);
    if (held >= 0) close(held);
    if (found) return true;
  }
  return false;
}

}  // namespace marginalia
