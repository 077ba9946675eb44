// One replica of a service over loopback: answers GetComment as the test says, counts the calls and
// the connections that they come by, and can be killed and started again behind the same address.
// Thread-safe.
#ifndef MARGINALIA_TESTS_RPC_COUNTED_REPLICA_H_
#define MARGINALIA_TESTS_RPC_COUNTED_REPLICA_H_

#include <grpcpp/support/status.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "services/rpc/server/server.h"
#include "tests/support/tcp_proxy.h"

namespace marginalia {

class CountedReplica {
 public:
  // What the n-th call is answered with, beginning with 1.
  using Answer = std::function<grpc::Status(int n)>;

  explicit CountedReplica(
      Answer answer = [](int) { return grpc::Status::OK; },
      RpcServerOptions options = {"127.0.0.1:0"});
  ~CountedReplica();

  // 127.0.0.1:port, the same for the replica's whole life.
  const std::string& address() const { return front_.address(); }

  int calls() const;
  std::size_t connections() const;

  // From now on calls stay open until Release.
  void Hold();
  void Release();
  std::size_t held() const;

  // Ends every connection in the middle of whatever it does.
  void Kill();
  void StartAgain();

 private:
  class Service;
  TcpProxy front_;
  const RpcServerOptions options_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<RpcServer> server_;
};

// GetComment over `channel`, with a deadline that a test does not reach.
grpc::Status Get(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RPC_COUNTED_REPLICA_H_
