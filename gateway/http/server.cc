#include "gateway/http/server.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <ctime>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gateway/http/connection.h"
#include "gateway/http/tls_context.h"
#include "services/process/log.h"

namespace marginalia {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr absl::Duration kDrainAcceptMax = absl::Seconds(1);
constexpr int kAcceptBacklog = 4096;

using HttpAcceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

// An IMF-fixdate (RFC 9110, 5.6.7).
std::string DateNow() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  return std::string(text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc));
}

absl::StatusOr<tcp::endpoint> Resolve(asio::io_context& context, std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos) return absl::InvalidArgumentError("must be host:port");
  std::string_view host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  error_code error;
  const auto found = tcp::resolver(context).resolve(host, address.substr(colon + 1), error);
  if (error) return absl::InvalidArgumentError(error.message());
  return found.begin()->endpoint();
}

std::string AddressOf(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
         std::to_string(endpoint.port());
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<State> {
  State(HttpServerOptions given, IoThread& io_thread, HttpHandler& handler)
      : options(std::move(given)),
        io(io_thread),
        acceptor(io.context().get_executor()),
        shared{.handler = handler,
               .timeouts = {.request_read_max = absl::ToChronoNanoseconds(options.request_read_max),
                            .idle_max = absl::ToChronoNanoseconds(options.idle_max),
                            .write_stall_max = absl::ToChronoNanoseconds(options.write_stall_max)},
               .large_answers_bytes_max = options.large_answers_bytes_max,
               .date = DateNow(),
               .closed = [this](HttpConnection* connection) { Closed(connection); }} {}

  absl::Status Listen() {
    const auto endpoint = Resolve(io.context(), options.address);
    error_code error;
    if (endpoint.ok()) {
      acceptor.open(endpoint->protocol(), error);
      if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
      if (!error) acceptor.bind(*endpoint, error);
      if (!error) acceptor.listen(kAcceptBacklog, error);
    }
    if (endpoint.ok() && !error) {
      address = AddressOf(acceptor.local_endpoint());
      return absl::OkStatus();
    }
    return absl::UnavailableError(
        "cannot listen on " + options.address + ": " +
        (endpoint.ok() ? error.message() : std::string(endpoint.status().message())));
  }

  absl::Status PrepareTls() {
    if (!options.tls.given()) return absl::OkStatus();
    auto made = TlsContext::Create(options.tls);
    if (made.ok()) tls = *std::move(made);
    return made.status();
  }

  void Accept() {
    accepting = acceptor.is_open() && count < options.connections_max;
    if (!accepting) return;
    acceptor.async_accept([self = shared_from_this()](const error_code& error, HttpSocket socket) {
      self->Accepted(error, std::move(socket));
    });
  }

  void Accepted(const error_code& error, HttpSocket socket) {
    if (error) {
      // Out of file descriptors, say: the next check tries again.
      accepting = false;
      if (acceptor.is_open()) {
        Log(Severity::kWarning, "cannot accept a connection",
            {{"error", std::string_view(error.message())}});
      }
      return;
    }
    auto connection = std::make_shared<HttpConnection>(
        std::move(socket), tls == nullptr ? nullptr : &tls->current(), shared);
    connections.insert(connection.get());
    ++count;
    connection->Start();
    Accept();
  }

  void Check() {
    shared.date = DateNow();
    if (tls != nullptr) tls->ReadAgainIfChanged();
    const auto now = HttpConnection::Clock::now();
    for (HttpConnection* connection : Snapshot()) {
      if (connections.count(connection) != 0) connection->CheckDeadline(now);
    }
    if (!accepting) Accept();
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
    error_code ignored;
    acceptor.close(ignored);
    checks.reset();
    for (HttpConnection* connection : Snapshot()) {
      if (connections.count(connection) != 0) connection->Abort();
    }
  }

  const HttpServerOptions options;
  IoThread& io;
  HttpAcceptor acceptor;
  std::string address;
  HttpConnection::Shared shared;
  // Null: plain text.
  std::unique_ptr<TlsContext> tls;
  std::unique_ptr<Repeating> checks;
  std::unordered_set<HttpConnection*> connections;
  bool accepting = false;
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
    state->Accept();
  });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->io.Run([this] { state_->CloseAll(); });
}

const std::string& HttpServer::address() const { return state_->address; }

std::size_t HttpServer::connections() const { return state_->count; }

void HttpServer::Drain(absl::Duration grace) {
  const auto started = std::chrono::steady_clock::now();
  state_->io.Run([this] {
    state_->shared.draining = true;
    state_->CloseIdle();
  });
  const auto idle = [this] { return state_->count == 0; };
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_until(lock, started + absl::ToChronoNanoseconds(kDrainAcceptMax), idle);
  lock.unlock();
  state_->io.Run([this] {
    error_code ignored;
    state_->acceptor.close(ignored);
    state_->CloseIdle();
  });
  lock.lock();
  state_->changed.wait_until(lock, started + absl::ToChronoNanoseconds(grace), idle);
}

}  // namespace marginalia
