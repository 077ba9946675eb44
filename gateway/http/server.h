// The HTTP/1.1 server: keeps the connections that come in by its listener (services/net) within
// time. Made, drained and destroyed by main; everything else happens on the io thread.
#ifndef MARGINALIA_GATEWAY_HTTP_SERVER_H_
#define MARGINALIA_GATEWAY_HTTP_SERVER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/io_thread.h"
#include "gateway/http/limits.h"
#include "gateway/http/message.h"
#include "services/net/tls.h"

namespace marginalia {

inline constexpr absl::Duration kIdleConnectionDefault = absl::Seconds(75);
// So long a draining server still answers new connections, with a longer grace.
inline constexpr absl::Duration kDrainAccept = absl::Seconds(1);

struct HttpServerOptions {
  // host:port; port 0 binds a free one.
  std::string address;
  // Given: HTTPS, with TLS 1.2 or newer, and the files read again when they change.
  TlsIdentity tls;
  // A request that takes longer to arrive is cut with 408, a handshake without a word.
  absl::Duration request_read_max = absl::Seconds(10);
  // A connection without a request for so long is closed. Longer than the 60 s of common load
  // balancers: one that reuses a connection as it is being closed answers 502.
  absl::Duration idle_max = kIdleConnectionDefault;
  // A client that takes nothing of what is sent to it for so long is cut off, and in the course of
  // time one that takes less than 16 KiB a second.
  absl::Duration write_stall_max = absl::Seconds(30);
  // How often the three above are looked at.
  absl::Duration check_interval = absl::Milliseconds(500);
  std::size_t incomplete_bodies_bytes_max = kIncompleteBodiesBytesMax;
};

class HttpServer {
 public:
  // Fails, naming the address or the file, when it cannot be bound or the certificate will not do.
  // The handler must outlive the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpServerOptions options, IoThread& io,
                                                           HttpHandler& handler);
  // Closes every connection.
  ~HttpServer();

  // host:port as bound.
  const std::string& address() const;

  // Open connections.
  std::size_t connections() const;

  // Ends each connection with its request in flight. Waits for them, at most `grace`; before it
  // does, new connections are still answered for kDrainAccept, whether or not any is open, so that
  // a load balancer can see that this process drains.
  void Drain(absl::Duration grace);

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_SERVER_H_
