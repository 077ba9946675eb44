// The sockets that a server's connections come in by, of gRPC and of HTTP alike. Whoever connects
// often enough and says nothing would take every file descriptor that the process may have, and
// with them its way to databases and other processes (gRPC 1.51 never accepts again then): so some
// are kept back, and of the rest no host gets all. A handshake of TLS is work that anybody can ask
// for: of those a host has so many a second, and its next ones wait. Used by one thread; accepts on
// a thread of its own.
#ifndef MARGINALIA_SERVICES_NET_LISTENER_H_
#define MARGINALIA_SERVICES_NET_LISTENER_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/net/host_budget.h"
#include "services/net/host_places.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// Connections beyond it are reset, so that their clients try again elsewhere.
inline constexpr int kConnectionsMax = 16'384;
// Of the files that the process may have open, so many are not for connections, but at most a
// quarter.
inline constexpr int kFilesReserved = 256;
// Handshakes that a host may begin. One costs 0.3 to 0.5 ms, so this is a tenth of a thread.
inline constexpr int kHandshakesPerSecond = 200;
// Beyond this wait for a handshake's turn a connection is reset: few clients have more patience.
inline constexpr absl::Duration kHandshakeWaitMax = absl::Seconds(5);

class Listener {
 public:
  // Takes over an accepted socket, which does not block.
  using Accepted = absl::AnyInvocable<void(int socket)>;

  // `address` is host:port (listen_address.h); a name is bound by all its addresses, port 0 is a
  // free one. `with_tls`: each connection begins with a handshake. Fails, naming the address, when
  // it cannot be bound.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const std::string& address, bool with_tls);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // host:port as bound.
  const std::string& address() const { return address_; }

  // Connections that came before wait until here. Once.
  void Start(Accepted accepted);
  // No further connections: whoever tries is refused.
  void Close();

 private:
  explicit Listener(bool with_tls) : with_tls_(with_tls) {}
  void Work();
  // False when nothing can be accepted for now, and trying again at once is of no use.
  bool AcceptSome(int socket);
  void Hand(int socket, const std::string& peer);
  // At once, or when it is the turn of its host's next handshake.
  void HandInTurn(int socket, std::string_view host);
  // Those whose turn has come. Returns how many milliseconds the next one waits; -1: there is none.
  int HandWaiting();
  // Once in a while, however often it happens.
  void LogRefusal(std::string_view why);

  const bool with_tls_;
  std::string address_;
  std::vector<int> sockets_;
  int wake_ = -1;
  // A socket with this number or a higher one is reset. The system gives out the lowest number that
  // is free, so this many files are open then.
  int sockets_end_ = 0;
  Accepted accepted_;
  HostPlaces places_;
  HostBudget handshakes_{kHandshakesPerSecond};
  std::multimap<SteadyTime, int> waiting_;  // accepted sockets, by when their turn comes
  SteadyTime log_after_;
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_LISTENER_H_
