#include "services/rpc/server/server.h"

#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/server_initializer.h>
#include <grpcpp/server_builder.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/net/listen_address.h"
#include "services/net/listener.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_time.h"
#include "services/rpc/library.h"
#include "services/rpc/server/accepted_connections.h"
#include "services/rpc/server/health.h"
#include "services/rpc/server/probe_listener.h"
#include "services/rpc/server/tls_credentials.h"

namespace marginalia {
namespace {

constexpr absl::Duration kHandshakeMax = absl::Seconds(10);
// What is read of a connection at a time, before others have their turn. Smaller makes a flood of
// resets milder for them, and costs ordinary calls: at 8 KiB a tenth of their CPU.
constexpr int kReadBytesMax = 32 * 1024;

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

// Collects the names of the services that a server is built with, which nothing else tells.
class ServiceNames : public grpc::ServerBuilderPlugin {
 public:
  explicit ServiceNames(std::vector<std::string>& names) : names_(names) {}
  std::string name() override { return "service_names"; }
  void InitServer(grpc::ServerInitializer*) override {}
  void Finish(grpc::ServerInitializer* server) override { names_ = *server->GetServiceList(); }
  void ChangeArguments(const std::string&, void*) override {}

 private:
  std::vector<std::string>& names_;
};

class WithServiceNames : public grpc::ServerBuilderOption {
 public:
  explicit WithServiceNames(std::vector<std::string>& names) : names_(names) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<ServiceNames>(names_));
  }

 private:
  std::vector<std::string>& names_;
};

// An address is wrong or taken: which one, in the words of who gave it.
absl::Status Naming(std::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(std::string(flag), ": ", std::string(status.message())));
}

void SetConnectionAge(grpc::ServerBuilder& builder, const RpcServerOptions& options) {
  if (options.connection_age_max == absl::InfiniteDuration()) return;
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             Milliseconds(options.connection_age_max));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Milliseconds(options.connection_age_grace));
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kReceivedBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesHardMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(kKeepalivePing));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Milliseconds(kClientPingIntervalMin));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Milliseconds(kHandshakeMax));

  builder.AddChannelArgument(GRPC_ARG_TCP_READ_CHUNK_SIZE, kReadBytesMax);
  builder.AddChannelArgument(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, kReadBytesMax);
  // No service is synchronous: one thread does for what gRPC starts all the same.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    RpcServerOptions options, const std::vector<grpc::Service*>& services) {
  PrepareLibraryOnce();
  const absl::Status checked = CheckListenAddress(options.address);
  if (!checked.ok()) return Naming("--listen_address", checked);
  std::unique_ptr<RpcServer> server(new RpcServer);
  grpc::ServerBuilder builder;
  SetLimits(builder);
  SetConnectionAge(builder, options);
  builder.SetOption(std::make_unique<WithServiceNames>(server->service_names_));
  auto listener = Listener::Bind(options.address, options.tls.identity.given());
  if (!listener.ok()) return Naming("--listen_address", listener.status());
  Listener::Accepted accepted = AcceptedConnections(builder, CredentialsFor(options.tls));
  builder.RegisterService(server->health_.get());
  for (grpc::Service* service : services) builder.RegisterService(service);
  {
    const auto held = HoldServers();
    server->server_ = builder.BuildAndStart();
  }
  if (server->server_ == nullptr) return absl::InternalError("gRPC does not start a server");
  server->listener_ = *std::move(listener);
  if (!options.probe_address.empty()) {
    auto probes = ProbeListener::Start(options.probe_address, *server->health_);
    if (!probes.ok()) return Naming("--probe_address", probes.status());
    server->probes_ = *std::move(probes);
  }
  server->options_ = std::move(options);
  server->SetServing(server->options_.serving);
  server->listener_->Start(std::move(accepted));
  return server;
}

RpcServer::RpcServer() : health_(std::make_unique<HealthService>()) {}

RpcServer::~RpcServer() {
  if (server_ == nullptr) return;
  health_->EndWatches();
  if (listener_ != nullptr) listener_->Close();
  server_->Shutdown(ToGrpcTime(SteadyTime::Now()));
}

const std::string& RpcServer::address() const { return listener_->address(); }

std::string RpcServer::probe_address() const {
  return probes_ == nullptr ? "" : probes_->address();
}

void RpcServer::SetServing(bool serving) {
  const std::lock_guard lock(mutex_);
  if (!drains_) TellHealth(serving);
}

void RpcServer::TellHealth(bool serving) {
  for (const std::string& name : service_names_) health_->SetServing(name, serving);
  health_->SetServing("", serving);
}

void RpcServer::Drain(absl::AnyInvocable<void()> end_streams) {
  const SteadyTime deadline = SteadyTime::Now() + options_.drain_grace;
  {
    const std::lock_guard lock(mutex_);
    drains_ = true;
    TellHealth(false);
  }
  end_streams();
  health_->EndWatches();
  listener_->Close();
  server_->Shutdown(ToGrpcTime(deadline));
}

}  // namespace marginalia
