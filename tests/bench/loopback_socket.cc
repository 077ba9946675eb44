#include "tests/bench/loopback_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace marginalia::bench {
namespace {

constexpr std::size_t kReceiveBytes = 16 * 1024;

}  // namespace

absl::StatusOr<LoopbackSocket> LoopbackSocket::Connect(const std::string& address,
                                                       const std::string& from) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  if (colon == std::string::npos ||
      inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(address, " is not host:port in numbers"));
  }
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  LoopbackSocket connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own{};
  own.sin_family = AF_INET;
  if (!from.empty()) {
    // Else its port stays taken for a minute: a flood takes all 28,000 that a host has, and whoever
    // then asks for one keeps the kernel searching, which holds up everybody's packets.
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(connection.fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (inet_pton(AF_INET, from.c_str(), &own.sin_addr) != 1 ||
        bind(connection.fd_, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("binding ", from));
    }
  }
  if (connection.fd_ < 0 ||
      connect(connection.fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("connecting to ", address));
  }
  const int on = 1;
  setsockopt(connection.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return connection;
}

LoopbackSocket::LoopbackSocket(LoopbackSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

LoopbackSocket& LoopbackSocket::operator=(LoopbackSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

LoopbackSocket::~LoopbackSocket() {
  if (fd_ >= 0) close(fd_);
}

absl::Status LoopbackSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return absl::ErrnoToStatus(errno, "sending");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return absl::OkStatus();
}

bool LoopbackSocket::Receive(std::string& to) {
  char buffer[kReceiveBytes];
  while (true) {
    const ssize_t received = recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (received > 0) to.append(buffer, static_cast<std::size_t>(received));
    if (received == static_cast<ssize_t>(sizeof(buffer))) continue;
    if (received < 0 && errno == EINTR) continue;
    return received > 0 || (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
  }
}

}  // namespace marginalia::bench
