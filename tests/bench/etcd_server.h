// A private etcd on loopback: the limit for durable writes and for watching. It runs with its own
// defaults: every Put is on disk (fdatasync of the log) before it is answered.
#ifndef MARGINALIA_TESTS_BENCH_ETCD_SERVER_H_
#define MARGINALIA_TESTS_BENCH_ETCD_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/started_process.h"

namespace marginalia::bench {

class EtcdServer {
 public:
  // Keeps its data in `directory`/etcd. Fails, naming the package, when etcd is not installed.
  static absl::StatusOr<std::unique_ptr<EtcdServer>> Start(const std::string& directory);

  const std::string& address() const { return address_; }
  pid_t pid() const { return process_->pid(); }

 private:
  EtcdServer() = default;
  std::string address_;
  std::unique_ptr<StartedProcess> process_;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_ETCD_SERVER_H_
