// A second listener, in plain text, for a platform whose probes cannot speak TLS: it answers health
// as the main one does, and nothing else. Owned by RpcServer; used from one thread.
#ifndef MARGINALIA_SERVICES_RPC_SERVER_PROBE_LISTENER_H_
#define MARGINALIA_SERVICES_RPC_SERVER_PROBE_LISTENER_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace marginalia {

class HealthService;
class Listener;

class ProbeListener {
 public:
  // `address` is host:port; port 0 binds a free one. Health is not owned and must outlive the
  // listener. Fails, naming the address, when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<ProbeListener>> Start(const std::string& address,
                                                              HealthService& health);
  ~ProbeListener();

  // host:port as bound.
  const std::string& address() const;

 private:
  class Service;
  ProbeListener();

  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SERVER_PROBE_LISTENER_H_
