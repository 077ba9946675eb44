// A gRPC client that sends ready bytes: the load generator's, over as many connections as asked
// for. One thread of its own takes all answers, so that the generator leaves the other core to the
// server. Call is thread-safe.
#ifndef MARGINALIA_TESTS_BENCH_RPC_CLIENT_H_
#define MARGINALIA_TESTS_BENCH_RPC_CLIENT_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace google::protobuf {
class MessageLite;
}

namespace marginalia::bench {

struct RpcClientOptions {
  // Several with commas between: the connections lead to them in turn.
  std::string address;
  // A JWT; empty: none is sent.
  std::string bearer;
  int connections = 1;
};

class RpcClient {
 public:
  // Told on the answering thread, once.
  using Answered = absl::AnyInvocable<void(const grpc::Status&, const grpc::ByteBuffer&)>;

  // Connects; fails when the server does not answer within 10 s.
  static absl::StatusOr<std::unique_ptr<RpcClient>> Connect(RpcClientOptions options);
  // Cancels what is still open.
  ~RpcClient();

  int connections() const;

  // `method` is "/package.Service/Method". The connection is counted modulo connections().
  void Call(std::int64_t connection, const std::string& method, const grpc::ByteBuffer& request,
            Answered answered);

  // Calls and waits, at most 10 s.
  absl::StatusOr<grpc::ByteBuffer> CallAndWait(const std::string& method,
                                               const grpc::ByteBuffer& request);

  // The same with messages; an error names the method and carries the server's message.
  absl::Status CallAndWait(const std::string& method, const google::protobuf::MessageLite& request,
                           google::protobuf::MessageLite* answer);

 private:
  struct State;
  explicit RpcClient(RpcClientOptions options);
  std::unique_ptr<State> state_;
};

grpc::ByteBuffer BytesOf(const std::string& bytes);
grpc::ByteBuffer BytesOf(const google::protobuf::MessageLite& message);
std::string StringOf(const grpc::ByteBuffer& bytes);

// The call's outcome as an absl status whose message names the method.
absl::Status OutcomeOf(const std::string& method, const grpc::Status& status);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_RPC_CLIENT_H_
