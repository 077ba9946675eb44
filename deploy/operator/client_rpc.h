// How a command of the operator's calls a service: with a token from a file, over TLS when the
// flags say so, again when the service was unavailable for a moment.
#ifndef MARGINALIA_DEPLOY_OPERATOR_CLIENT_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_CLIENT_RPC_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace marginalia {

// The flags that ClientFromFlags reads, besides the address.
inline constexpr std::string_view kTokenFlag = "token_path";
inline constexpr std::string_view kTlsFlags[] = {"upstream_ca_path", "upstream_certificate_path",
                                                 "upstream_key_path"};

// How long a call that finds the service unavailable is tried again.
inline constexpr absl::Duration kUnavailableMax = absl::Seconds(5);

class ServiceClient {
 public:
  // INVALID_ARGUMENT when a flag will not do.
  static absl::StatusOr<ServiceClient> FromFlags(const std::string& address);
  // The same for what is answered to anybody: --token_path is not read.
  static absl::StatusOr<ServiceClient> WithoutToken(const std::string& address);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Runs `call` with a context that carries the token and a deadline of `limit`. The message of a
  // failure names `rpc` and the reason.
  absl::Status Call(std::string_view rpc, absl::Duration limit,
                    absl::FunctionRef<grpc::Status(grpc::ClientContext&)> call) const;

 private:
  static absl::StatusOr<ServiceClient> Connect(const std::string& address, std::string bearer);
  ServiceClient(std::string address, std::string bearer, std::shared_ptr<grpc::Channel> channel)
      : address_(std::move(address)), bearer_(std::move(bearer)), channel_(std::move(channel)) {}

  std::string address_;
  std::string bearer_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_CLIENT_RPC_H_
