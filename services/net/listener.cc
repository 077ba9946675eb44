#include "services/net/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/time/time.h"
#include "services/net/listen_address.h"
#include "services/net/paused_peers.h"
#include "services/net/peer_name.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

constexpr int kBacklog = 4096;
// So many at a time before another socket has its turn.
constexpr int kAcceptsPerTurn = 64;
// What cannot be accepted for lack of files or memory waits in the kernel meanwhile.
constexpr int kPauseMs = 50;
constexpr absl::Duration kLogInterval = absl::Seconds(1);

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses Resolve(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found) != 0) {
    return nullptr;
  }
  return Addresses(found);
}

void SetPort(sockaddr* address, int port) {
  const auto network_order = htons(static_cast<std::uint16_t>(port));
  if (address->sa_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = network_order;
  } else if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = network_order;
  }
}

int BoundPort(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return PortOf(address);
}

// -1 when it cannot be bound.
int ListenAt(const addrinfo& address) {
  const int socket =
      ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (socket < 0) return -1;
  const int on = 1;
  const int off = 0;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // What is accepted has it too.
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (address.ai_family == AF_INET6) {
    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (bind(socket, address.ai_addr, address.ai_addrlen) == 0 && listen(socket, kBacklog) == 0) {
    return socket;
  }
  close(socket);
  return -1;
}

void Reset(int socket) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  close(socket);
}

int SocketsEnd() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const auto most = static_cast<rlim_t>(kConnectionsMax + kFilesReserved);
  const auto open = static_cast<int>(std::min(files.rlim_cur, most));
  return open - std::min(kFilesReserved, open / 4);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(const std::string& address,
                                                         bool with_tls) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const Addresses addresses = Resolve(host, address.substr(colon + 1));
  std::unique_ptr<Listener> listener(new Listener(with_tls));
  int port = 0;
  for (addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    if (port != 0) SetPort(each->ai_addr, port);
    const int socket = ListenAt(*each);
    if (socket < 0) continue;
    listener->sockets_.push_back(socket);
    port = BoundPort(socket);
  }
  if (listener->sockets_.empty()) return CannotListen(address);
  listener->address_ = BoundAddress(address, port);
  return listener;
}

Listener::~Listener() { Close(); }

void Listener::Start(Accepted accepted) {
  accepted_ = std::move(accepted);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread([this] { Work(); });
}

void Listener::Close() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    while (write(wake_, &one, sizeof(one)) < 0 && errno == EINTR) continue;
    thread_.join();
    close(wake_);
  }
  for (const int socket : sockets_) close(socket);
  sockets_.clear();
  for (const auto& [due, socket] : waiting_) Reset(socket);
  waiting_.clear();
}

void Listener::Work() {
  std::vector<pollfd> polled = {{wake_, POLLIN, 0}};
  for (const int socket : sockets_) polled.push_back({socket, POLLIN, 0});
  bool pausing = false;
  while (true) {
    int wait = HandWaiting();
    if (pausing) wait = wait < 0 ? kPauseMs : std::min(wait, kPauseMs);
    poll(polled.data(), pausing ? 1 : polled.size(), wait);
    if (polled.front().revents != 0) return;
    pausing = false;
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (!AcceptSome(polled[i].fd)) pausing = true;
    }
  }
}

bool Listener::AcceptSome(int socket) {
  // Asked each time: an operator may change the limit of a process that runs.
  sockets_end_ = SocketsEnd();
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int accepted =
        accept4(socket, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= sockets_end_) {
      Reset(accepted);
      LogRefusal("too many are open");
    } else if (accepted >= 0) {
      Hand(accepted, PeerName(peer));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      LogRefusal(std::generic_category().message(errno));
      return false;
    } else if (errno == EAGAIN) {
      return true;
    }
    // Else the client has gone again already, or the call was interrupted.
  }
  return true;
}

void Listener::Hand(int socket, const std::string& peer) {
  if (PausedPeers::OfProcess().Contains(peer)) {
    Reset(socket);
  } else if (!places_.Take(socket, sockets_end_, HostOf(peer))) {
    Reset(socket);
    LogRefusal("one host has opened most of those that there may be");
  } else {
    HandInTurn(socket, HostOf(peer));
  }
}

void Listener::HandInTurn(int socket, std::string_view host) {
  if (!with_tls_) return accepted_(socket);
  const absl::Duration wait = handshakes_.Wait(host);
  if (wait > kHandshakeWaitMax) {
    Reset(socket);
    return LogRefusal("one host begins more handshakes than it can have");
  }
  handshakes_.Spend(host);
  if (wait == absl::ZeroDuration()) return accepted_(socket);
  waiting_.emplace(SteadyTime::Now() + wait, socket);
}

int Listener::HandWaiting() {
  while (!waiting_.empty() && waiting_.begin()->first.passed()) {
    accepted_(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  if (waiting_.empty()) return -1;
  const absl::Duration wait = waiting_.begin()->first - SteadyTime::Now();
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1))));
}

void Listener::LogRefusal(std::string_view why) {
  const SteadyTime now = SteadyTime::Now();
  if (now < log_after_) return;
  log_after_ = now + kLogInterval;
  Log(Severity::kWarning,
      "connections are not accepted: find out who opens so many, or raise the limit of open files",
      {{"error", why}});
}

}  // namespace marginalia
