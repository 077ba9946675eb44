// A plain TCP connection to a server on this machine. Owned by one thread.
#ifndef MARGINALIA_TESTS_BENCH_LOOPBACK_SOCKET_H_
#define MARGINALIA_TESTS_BENCH_LOOPBACK_SOCKET_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace marginalia::bench {

class LoopbackSocket {
 public:
  // `address` is host:port of this machine, the host in numbers. `from` is the loopback address
  // that the server sees, another one than the usual 127.0.0.1; empty: that.
  static absl::StatusOr<LoopbackSocket> Connect(const std::string& address,
                                                const std::string& from = "");
  LoopbackSocket(LoopbackSocket&& other) noexcept;
  LoopbackSocket& operator=(LoopbackSocket&& other) noexcept;
  ~LoopbackSocket();

  int fd() const { return fd_; }

  // Sends all of it, waiting for room.
  absl::Status Send(std::string_view bytes);

  // Appends what has arrived to `to` without waiting. False: the other side has closed.
  bool Receive(std::string& to);

 private:
  explicit LoopbackSocket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_LOOPBACK_SOCKET_H_
