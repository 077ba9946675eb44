#include "tests/gateway/raw_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

namespace marginalia {
namespace {

constexpr int kPatienceSeconds = 30;

// A process that was stopped and goes on is told so (signal(7)): that ends nothing.
ssize_t Receive(int socket, std::span<char> bytes) {
  ssize_t count;
  do {
    count = recv(socket, bytes.data(), bytes.size(), 0);
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

RawConnection::RawConnection(const std::string& address, int receive_buffer_bytes, const char* from)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kPatienceSeconds, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  if (receive_buffer_bytes > 0) {
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
  }
  if (from != nullptr) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = inet_addr(from);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof(own)), 0);
  }
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  peer.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  // A server that takes it may have reset it before this returns.
  EXPECT_TRUE(connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)) == 0 ||
              errno == ECONNRESET)
      << std::generic_category().message(errno);
}

RawConnection::~RawConnection() { close(socket_); }

int RawConnection::port() const {
  sockaddr_in own{};
  socklen_t size = sizeof(own);
  getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size);
  return ntohs(own.sin_port);
}

bool RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawConnection::EndSending() { shutdown(socket_, SHUT_WR); }

void RawConnection::Ignore() { TakeReceived(); }

std::string RawConnection::TakeReceived() {
  char bytes[16 * 1024];
  ssize_t count;
  while ((count = recv(socket_, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
    received_.append(bytes, static_cast<std::size_t>(count));
  }
  return std::exchange(received_, {});
}

std::string RawConnection::TakeReceived(std::size_t bytes_max) {
  std::string bytes(bytes_max, '\0');
  const ssize_t count = recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::string RawConnection::ReadToEnd() {
  char bytes[16 * 1024];
  ssize_t count;
  while ((count = Receive(socket_, bytes)) > 0) {
    received_.append(bytes, static_cast<std::size_t>(count));
  }
  EXPECT_EQ(count, 0) << "the connection did not end well, after: " << received_;
  return std::exchange(received_, {});
}

std::string RawConnection::ReadUntil(std::string_view text) {
  char bytes[16 * 1024];
  while (received_.find(text) == received_.npos) {
    const ssize_t count = Receive(socket_, bytes);
    if (count <= 0) return "";
    received_.append(bytes, static_cast<std::size_t>(count));
  }
  return std::exchange(received_, {});
}

bool RawConnection::AwaitEnd() {
  pollfd wanted{socket_, POLLRDHUP, 0};
  return poll(&wanted, 1, kPatienceSeconds * 1000) == 1;
}

bool RawConnection::HasEnded() {
  pollfd wanted{socket_, POLLRDHUP, 0};
  return poll(&wanted, 1, 0) == 1;
}

}  // namespace marginalia
