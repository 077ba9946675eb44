#include "deploy/operator/health/health_rpc.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "deploy/operator/client_rpc.h"
#include "deploy/operator/shared_flags.h"
#include "grpc/health/v1/health.grpc.pb.h"

ABSL_FLAG(std::string, address, "", "Required. host:port of comments-service or invoice-service.");

namespace marginalia {
namespace {

using grpc::health::v1::HealthCheckResponse;

constexpr char kAbout[] =
    "Asks a service whether it serves (grpc.health.v1), as a container's health check does. Needs\n"
    "no token. Exits with 0 when it serves, 1 when it is there and does not, as while its counts\n"
    "are built or it drains, 2 when it does not answer.";

// It answers from memory.
constexpr absl::Duration kHealthMax = absl::Seconds(2);

absl::Status Health() {
  const absl::StatusOr<std::string> address = Required("address", FLAGS_address);
  if (!address.ok()) return address.status();
  const auto client = ServiceClient::WithoutToken(*address);
  if (!client.ok()) return client.status();
  const auto stub = grpc::health::v1::Health::NewStub(client->channel());
  HealthCheckResponse answer;
  const absl::Status status = client->Call("Check", kHealthMax, [&](grpc::ClientContext& context) {
    return stub->Check(&context, {}, &answer);
  });
  if (!status.ok()) return status;
  const std::string said = HealthCheckResponse::ServingStatus_Name(answer.status());
  if (answer.status() != HealthCheckResponse::SERVING) {
    return absl::DataLossError(absl::StrCat(*address, " is ", said));
  }
  std::printf("%s is %s\n", address->c_str(), said.c_str());
  return absl::OkStatus();
}

}  // namespace

Command HealthCommand() {
  return {.name = "health",
          .summary = "asks a service whether it serves",
          .about = kAbout,
          .example = "marginalia-operator health --address=127.0.0.1:50051",
          .flags = {"address", kTlsFlags[0], kTlsFlags[1], kTlsFlags[2]},
          .run = Health};
}

}  // namespace marginalia
