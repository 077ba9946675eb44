// A real nats-server with JetStream over a store of its own, behind a relay of the test whose
// address stays when the server is killed and started again on another port. Used by one thread.
#ifndef MARGINALIA_TESTS_SUPPORT_NATS_SERVER_H_
#define MARGINALIA_TESTS_SUPPORT_NATS_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

class NatsServer {
 public:
  // Not started yet. `arguments` come after those that the test needs.
  explicit NatsServer(std::vector<std::string> arguments = {});

  // Starts it and waits until it listens. Fails the test when it does not.
  void Start();
  // SIGKILL.
  void Kill();
  // SIGSTOP or SIGCONT.
  void Signal(int signal) { process_->Signal(signal); }

  // 127.0.0.1:port, fixed, whether the server runs or not.
  const std::string& address() const { return front_.address(); }
  std::string url() const { return "nats://" + address(); }

  // While it does not run: what it has stored is gone, kept as a copy, or as it was copied.
  void LoseStore();
  void CopyStore();
  void RestoreStore();

 private:
  const std::vector<std::string> arguments_;
  TempDir directory_;
  TcpProxy front_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_NATS_SERVER_H_
