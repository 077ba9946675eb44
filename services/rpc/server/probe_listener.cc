#include "services/rpc/server/probe_listener.h"

#include <grpcpp/server_builder.h>

#include <utility>

#include "services/net/listen_address.h"
#include "services/net/listener.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_time.h"
#include "services/rpc/library.h"
#include "services/rpc/server/accepted_connections.h"
#include "services/rpc/server/health.h"

namespace marginalia {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// A service name is all that a probe sends.
constexpr int kProbeBytesMax = 1024;
constexpr int kStreamsPerProberMax = 16;
constexpr int kHandshakeMaxMs = 5'000;
// A prober that keeps its connection to itself for so long has no use for it.
constexpr int kIdleConnectionMaxMs = 60'000;

}  // namespace

// A service belongs to one server: this one stands in for the main listener's.
class ProbeListener::Service : public grpc::health::v1::Health::CallbackService {
 public:
  explicit Service(HealthService& health) : health_(health) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const HealthCheckRequest* request,
                                  HealthCheckResponse* response) override {
    return health_.Check(context, request, response);
  }
  grpc::ServerWriteReactor<HealthCheckResponse>* Watch(grpc::CallbackServerContext* context,
                                                       const HealthCheckRequest* request) override {
    return health_.Watch(context, request);
  }

 private:
  HealthService& health_;
};

absl::StatusOr<std::unique_ptr<ProbeListener>> ProbeListener::Start(const std::string& address,
                                                                    HealthService& health) {
  absl::Status checked = CheckListenAddress(address);
  if (!checked.ok()) return checked;
  std::unique_ptr<ProbeListener> listener(new ProbeListener);
  listener->service_ = std::make_unique<Service>(health);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kProbeBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerProberMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMaxMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleConnectionMaxMs);
  auto bound = Listener::Bind(address, /*with_tls=*/false);
  if (!bound.ok()) return bound.status();
  Listener::Accepted accepted = AcceptedConnections(builder, grpc::InsecureServerCredentials());
  builder.RegisterService(listener->service_.get());
  {
    const auto held = HoldServers();
    listener->server_ = builder.BuildAndStart();
  }
  if (listener->server_ == nullptr) return absl::InternalError("gRPC does not start a server");
  listener->listener_ = *std::move(bound);
  listener->listener_->Start(std::move(accepted));
  return listener;
}

ProbeListener::ProbeListener() = default;

ProbeListener::~ProbeListener() {
  if (server_ == nullptr) return;
  listener_->Close();
  server_->Shutdown(ToGrpcTime(SteadyTime::Now()));
}

const std::string& ProbeListener::address() const { return listener_->address(); }

}  // namespace marginalia
