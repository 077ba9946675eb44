#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace marginalia {
namespace {

constexpr std::size_t kRelayBytesMax = 64 * 1024;

// One direction of a connection: what was read from one end and is not yet written to the other.
struct Flow {
  int from = -1;
  int to = -1;
  std::vector<char> pending;
  std::size_t written = 0;
  bool ended = false;

  bool WantsRead() const { return !ended && pending.empty(); }
  bool WantsWrite() const { return !pending.empty(); }

  // False: the connection is broken.
  bool Read() {
    pending.resize(kRelayBytesMax);
    const ssize_t count = recv(from, pending.data(), pending.size(), MSG_DONTWAIT);
    pending.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    written = 0;
    if (count == 0) {
      ended = true;
      shutdown(to, SHUT_WR);
    }
    return count >= 0 || errno == EAGAIN;
  }

  bool Write() {
    const ssize_t count =
        send(to, pending.data() + written, pending.size() - written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN;
    written += static_cast<std::size_t>(count);
    if (written == pending.size()) pending.clear();
    return true;
  }
};

struct Connection {
  int client = -1;
  int server = -1;
  std::array<Flow, 2> flows;

  Connection(int client, int server) : client(client), server(server) {
    flows[0] = {.from = client, .to = server};
    flows[1] = {.from = server, .to = client};
  }
  ~Connection() {
    close(client);
    close(server);
  }
  Connection(const Connection&) = delete;

  bool Ended() const { return flows[0].ended && flows[1].ended; }
};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// What is small goes at once: the ends of a relay would wait for one another's acknowledgements.
void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int Connected(int fd, const auto& address) {
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

int ConnectToTarget(const std::string& target) {
  if (target.empty()) return -1;
  if (target.front() == '/') {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (target.size() >= sizeof address.sun_path) return -1;
    target.copy(address.sun_path, target.size());
    return Connected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), address);
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  SendAtOnce(fd);
  return Connected(fd, Loopback(std::stoi(target.substr(target.rfind(':') + 1))));
}

}  // namespace

struct TcpProxy::State {
  std::mutex mutex;
  std::string target;    // guarded by mutex; empty: none
  bool held = false;     // guarded by mutex: all bytes
  bool mute = false;     // guarded by mutex: the server's bytes
  bool cut = false;      // guarded by mutex
  bool stopped = false;  // guarded by mutex
  int listener = -1;
  int wake = -1;
  std::list<Connection> connections;  // the relay thread's own
  std::thread relay;

  void Set(auto change) {
    {
      const std::lock_guard lock(mutex);
      change();
    }
    const std::uint64_t one = 1;
    if (write(wake, &one, sizeof one) != sizeof one) std::abort();
  }

  void Accept(const std::string& leads_to) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    SendAtOnce(client);
    const int server = ConnectToTarget(leads_to);
    if (server < 0) {
      close(client);
      return;
    }
    connections.emplace_back(client, server);
  }

  void Relay(bool held, const std::vector<pollfd>& polled) {
    std::size_t next = 2;
    for (auto connection = connections.begin(); connection != connections.end();) {
      // Accepted after this round's poll.
      if (held || next >= polled.size()) return;
      bool sound = true;
      for (Flow& flow : connection->flows) {
        const pollfd& readable = polled[next++];
        const pollfd& writable = polled[next++];
        if (sound && flow.WantsRead() && readable.revents != 0) sound = flow.Read();
        if (sound && flow.WantsWrite() && writable.revents != 0) sound = flow.Write();
      }
      connection =
          sound && !connection->Ended() ? std::next(connection) : connections.erase(connection);
    }
  }

  void Run() {
    while (true) {
      bool hold;
      bool hold_answers;
      std::string leads_to;
      {
        const std::lock_guard lock(mutex);
        if (stopped) return;
        if (cut) connections.clear();
        cut = false;
        hold = held;
        hold_answers = mute;
        leads_to = target;
      }
      std::vector<pollfd> polled = {{listener, POLLIN, 0}, {wake, POLLIN, 0}};
      if (!hold) {
        for (const Connection& connection : connections) {
          for (const Flow& flow : connection.flows) {
            const bool still = hold_answers && flow.from == connection.server;
            polled.push_back({flow.WantsRead() && !still ? flow.from : -1, POLLIN, 0});
            polled.push_back({flow.WantsWrite() && !still ? flow.to : -1, POLLOUT, 0});
          }
        }
      }
      poll(polled.data(), polled.size(), -1);
      Relay(hold, polled);
      if (polled[1].revents != 0) {
        std::uint64_t count;
        if (read(wake, &count, sizeof count) < 0) std::abort();
        continue;  // A new target or a cut counts before the next connection is taken.
      }
      if (polled[0].revents != 0) Accept(leads_to);
    }
  }
};

TcpProxy::TcpProxy() : state_(std::make_unique<State>()) {
  state_->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  state_->wake = eventfd(0, EFD_CLOEXEC);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(state_->listener, generic, length) != 0 || listen(state_->listener, 128) != 0 ||
      getsockname(state_->listener, generic, &length) != 0) {
    std::abort();
  }
  address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  state_->relay = std::thread([state = state_.get()] { state->Run(); });
}

TcpProxy::~TcpProxy() {
  state_->Set([this] { state_->stopped = true; });
  state_->relay.join();
  close(state_->listener);
  close(state_->wake);
}

void TcpProxy::LeadTo(const std::string& address) {
  state_->Set([&] { state_->target = address; });
}

void TcpProxy::Hold() {
  state_->Set([this] { state_->held = true; });
}

void TcpProxy::HoldAnswers() {
  state_->Set([this] { state_->mute = true; });
}

void TcpProxy::Resume() {
  state_->Set([this] { state_->held = state_->mute = false; });
}

void TcpProxy::Cut() {
  state_->Set([this] {
    state_->target.clear();
    state_->cut = true;
  });
}

}  // namespace marginalia
