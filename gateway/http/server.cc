#include "gateway/http/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <ctime>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gateway/http/connection.h"
#include "gateway/http/tls_context.h"
#include "services/net/listen_address.h"
#include "services/net/listener.h"

namespace marginalia {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// An IMF-fixdate (RFC 9110, 5.6.7).
std::string DateNow() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  return std::string(text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc));
}

// The family of an accepted socket, which Asio wants to be told.
tcp ProtocolOf(int socket) {
  int family = AF_INET;
  socklen_t size = sizeof(family);
  getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family == AF_INET6 ? tcp::v6() : tcp::v4();
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<State> {
  State(HttpServerOptions given, IoThread& io_thread, HttpHandler& handler)
      : options(std::move(given)),
        io(io_thread),
        shared{.handler = handler,
               .timeouts = {.request_read_max = absl::ToChronoNanoseconds(options.request_read_max),
                            .idle_max = absl::ToChronoNanoseconds(options.idle_max),
                            .write_stall_max = absl::ToChronoNanoseconds(options.write_stall_max)},
               .incomplete_bodies_bytes_max = options.incomplete_bodies_bytes_max,
               .date = DateNow(),
               .closed = [this](HttpConnection* connection) { Closed(connection); }} {}

  absl::Status Listen() {
    absl::Status checked = CheckListenAddress(options.address);
    if (!checked.ok()) return checked;
    auto bound = Listener::Bind(options.address, options.tls.given());
    if (bound.ok()) listener = *std::move(bound);
    return bound.status();
  }

  absl::Status PrepareTls() {
    if (!options.tls.given()) return absl::OkStatus();
    auto made = TlsContext::Create(options.tls);
    if (made.ok()) tls = *std::move(made);
    return made.status();
  }

  // From the listener's thread. What is posted is dropped when the io thread has ended.
  void StartAccepting() {
    listener->Start(
        [self = this](int socket) { self->io.Post([self, socket] { self->Accepted(socket); }); });
  }

  void Accepted(int accepted) {
    HttpSocket socket(io.context().get_executor());
    error_code error;
    socket.assign(ProtocolOf(accepted), accepted, error);
    if (error) {
      close(accepted);
      return;
    }
    auto connection = std::make_shared<HttpConnection>(
        std::move(socket), tls == nullptr ? nullptr : &tls->current(), shared);
    connections.insert(connection.get());
    ++count;
    connection->Start();
  }

  void Check() {
    shared.date = DateNow();
    const auto now = HttpConnection::Clock::now();
    for (HttpConnection* connection : Snapshot()) {
      if (connections.count(connection) != 0) connection->CheckDeadline(now);
    }
  }

  // What is done to a connection may close it, and with it others.
  std::vector<HttpConnection*> Snapshot() const { return {connections.begin(), connections.end()}; }

  void Closed(HttpConnection* connection) {
    connections.erase(connection);
    {
      const std::lock_guard lock(mutex);
      --count;
    }
    changed.notify_all();
  }

  void CloseIdle() {
    for (HttpConnection* connection : Snapshot()) {
      if (connections.count(connection) != 0) connection->CloseIfIdle();
    }
  }

  void CloseAll() {
    checks.reset();
    for (HttpConnection* connection : Snapshot()) {
      if (connections.count(connection) != 0) connection->Abort();
    }
  }

  const HttpServerOptions options;
  IoThread& io;
  std::unique_ptr<Listener> listener;
  HttpConnection::Shared shared;
  // Null: plain text.
  std::unique_ptr<TlsContext> tls;
  std::unique_ptr<Repeating> checks;
  std::unordered_set<HttpConnection*> connections;
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<std::size_t> count = 0;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options,
                                                              IoThread& io, HttpHandler& handler) {
  auto state = std::make_shared<State>(std::move(options), io, handler);
  if (absl::Status status = state->PrepareTls(); !status.ok()) return status;
  if (absl::Status status = state->Listen(); !status.ok()) return status;
  io.Run([&state] {
    state->checks =
        state->io.Every(state->options.check_interval, [state = state.get()] { state->Check(); });
  });
  state->StartAccepting();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->listener->Close();
  state_->io.Run([this] { state_->CloseAll(); });
}

const std::string& HttpServer::address() const { return state_->listener->address(); }

std::size_t HttpServer::connections() const { return state_->count; }

void HttpServer::Drain(absl::Duration grace) {
  const auto started = std::chrono::steady_clock::now();
  state_->io.Run([this] {
    state_->shared.draining = true;
    state_->CloseIdle();
  });
  // However few connections are open: who wants to see it may come with a new one.
  std::this_thread::sleep_until(started + absl::ToChronoNanoseconds(std::min(kDrainAccept, grace)));
  state_->listener->Close();
  state_->io.Run([this] { state_->CloseIdle(); });
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_until(lock, started + absl::ToChronoNanoseconds(grace),
                             [this] { return state_->count == 0; });
}

}  // namespace marginalia
