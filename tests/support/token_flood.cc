#include "tests/support/token_flood.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

constexpr int kAnswersPerWait = 64;
// Looks whether it is to end then, at the latest.
constexpr int kWaitMs = 100;

int ConnectToPort(int port, const std::string& from) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Its port is free again at once: a host has some 28,000.
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = inet_addr(from.c_str());
  if (bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof(own)) != 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return -1;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

}  // namespace

TokenFlood::TokenFlood(const std::string& address, const std::string& token,
                       std::size_t connections, std::string from)
    : unsigned_(token.substr(0, token.size() - 6)),
      port_(std::stoi(address.substr(address.rfind(':') + 1))),
      from_(std::move(from)),
      connections_(connections),
      thread_([this] { Run(); }) {}

TokenFlood::~TokenFlood() {
  ending_ = true;
  thread_.join();
}

void TokenFlood::Run() {
  // Not poll, which goes through thousands of connections in the kernel each time that one answers:
  // what is flooded would wait for that, too.
  const int answers = epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> connections;
  const auto open = [&](std::size_t index) {
    const int fd = ConnectToPort(port_, from_);
    epoll_event answered{.events = EPOLLIN, .data = {.u64 = index}};
    epoll_ctl(answers, EPOLL_CTL_ADD, fd, &answered);
    Send(fd);
    return fd;
  };
  for (std::size_t i = 0; i < connections_; ++i) connections.push_back(open(i));
  while (!ending_) {
    epoll_event ready[kAnswersPerWait];
    const int count = epoll_wait(answers, ready, kAnswersPerWait, kWaitMs);
    for (int i = 0; i < count; ++i) {
      int& fd = connections[ready[i].data.u64];
      char answer[4096];
      const ssize_t bytes = read(fd, answer, sizeof(answer));
      if (bytes <= 0) {
        close(fd);
        fd = open(ready[i].data.u64);
        continue;
      }
      if (std::string_view(answer, 9) == "HTTP/1.1 ") ++answered_;
      Send(fd);
    }
  }
  for (const int fd : connections) close(fd);
  close(answers);
}

void TokenFlood::Send(int fd) {
  const std::string request =
      absl::StrCat("GET /api/activity HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ", unsigned_,
                   absl::Hex(++sent_, absl::kZeroPad6), "\r\n\r\n");
  [[maybe_unused]] const ssize_t written = write(fd, request.data(), request.size());
}

}  // namespace marginalia
