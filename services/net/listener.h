// The sockets that a server's connections come in by, of gRPC and of HTTP alike. Whoever connects
// often enough and says nothing would take every file descriptor that the process may have, and
// with them its way to databases and other processes (gRPC 1.51 never accepts again then): so some
// are kept back, and of the rest no host gets all. Used by one thread; accepts on a thread of its
// own.
#ifndef MARGINALIA_SERVICES_NET_LISTENER_H_
#define MARGINALIA_SERVICES_NET_LISTENER_H_

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/net/host_places.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// Connections beyond it are reset, so that their clients try again elsewhere.
inline constexpr int kConnectionsMax = 16'384;
// Of the files that the process may have open, so many are not for connections, but at most a
// quarter.
inline constexpr int kFilesReserved = 256;

class Listener {
 public:
  // Takes over an accepted socket, which does not block.
  using Accepted = absl::AnyInvocable<void(int socket)>;

  // `address` is host:port (listen_address.h); a name is bound by all its addresses, port 0 is a
  // free one. Fails, naming the address, when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const std::string& address);
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
  Listener() = default;
  void Work();
  // False when nothing can be accepted for now, and trying again at once is of no use.
  bool AcceptSome(int socket);
  void Hand(int socket, const std::string& peer);
  // Once in a while, however often it happens.
  void LogRefusal(std::string_view why);

  std::string address_;
  std::vector<int> sockets_;
  int wake_ = -1;
  // A socket with this number or a higher one is reset. The system gives out the lowest number that
  // is free, so this many files are open then.
  int sockets_end_ = 0;
  Accepted accepted_;
  HostPlaces places_;
  SteadyTime log_after_;
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_LISTENER_H_
