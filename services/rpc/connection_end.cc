#include "services/rpc/connection_end.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

namespace marginalia {
namespace {

struct TextAndPort {
  std::string text;  // empty: no address of IP
  int port = 0;
};

// As gRPC writes it: an address of IPv4 that came over IPv6 is one of IPv4, and brackets are
// percent-encoded.
TextAndPort Written(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN];
  if (address.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &ipv4.sin_addr, text, sizeof(text));
    const int port = ntohs(ipv4.sin_port);
    return {"ipv4:" + std::string(text) + ":" + std::to_string(port), port};
  }
  if (address.ss_family != AF_INET6) return {};
  const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
  const int port = ntohs(ipv6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
    inet_ntop(AF_INET, ipv6.sin6_addr.s6_addr + 12, text, sizeof(text));
    return {"ipv4:" + std::string(text) + ":" + std::to_string(port), port};
  }
  inet_ntop(AF_INET6, &ipv6.sin6_addr, text, sizeof(text));
  return {"ipv6:%5B" + std::string(text) + "%5D:" + std::to_string(port), port};
}

bool IsBetween(int socket, std::string_view peer, int local_port) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (Written(address).text != peer) return false;
  size = sizeof(address);
  return getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         Written(address).port == local_port;
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
