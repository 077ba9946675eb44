#include "services/rpc/client/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <string>
#include <string_view>

#include "services/process/stopwatch.h"
#include "services/rpc/client/service_config.h"
#include "services/rpc/client/target.h"
#include "services/rpc/grpc_time.h"
#include "services/rpc/library.h"
#include "services/rpc/server/server.h"
#include "services/rpc/server/tls_credentials.h"

namespace marginalia {
namespace {

constexpr int kReconnectFirstMs = 50;
// With the fifth that gRPC adds or takes off at random (its connection-backoff.md) no longer than
// callers are told to wait before they retry, so that one retry is enough.
constexpr int kReconnectMaxMs = 800;
// An attempt that hangs is given up after this.
constexpr int kConnectMs = 2'000;
// A name is looked up anew when a connection ends, but no more often than this. gRPC's own 30 s
// would keep a client from replicas that were all replaced within them; names of a cluster change
// within seconds, and are answered from a cache.
constexpr int kResolveIntervalMinMs = 1'000;

// With time limits of the methods that no call reaches: gRPC 1.51 measures them from the start of
// the process by the wall clock, so that every call would be late at once after somebody has set it
// back. Calls of our own have their deadline from PrepareCall.
std::string OwnServiceConfig() {
  constexpr std::string_view kTimeout = "\"timeout\": \"";
  constexpr std::string_view kYears = "86400000s";
  std::string config(ServiceConfigDocument());
  for (std::size_t at = config.find(kTimeout); at != config.npos; at = config.find(kTimeout, at)) {
    at += kTimeout.size();
    config.replace(at, config.find('"', at) - at, kYears);
  }
  return config;
}

}  // namespace

std::shared_ptr<grpc::Channel> ConnectTo(const std::string& address, const UpstreamTls& tls) {
  PrepareLibraryOnce();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(kKeepalivePing)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(absl::ToInt64Milliseconds(kKeepaliveTimeout)));
  // A connection that is silent for long is pinged all the same, calls or not: its peer may be
  // gone, and the next call would be the one to find out.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kResolveIntervalMinMs);
  arguments.SetServiceConfigJSON(OwnServiceConfig());
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  // A proxy of the environment is for the way out, not for the way to a neighbour.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kReceivedBytesMax);
  arguments.SetMaxSendMessageSize(kReceivedBytesMax);
  auto channel = grpc::CreateCustomChannel(TargetOf(address).value_or(address), CredentialsFor(tls),
                                           arguments);
  channel->GetState(/*try_to_connect=*/true);
  return channel;
}

void PrepareCall(grpc::ClientContext& context, std::string_view bearer, std::string_view request_id,
                 SteadyTime deadline) {
  if (!bearer.empty()) context.AddMetadata("authorization", "Bearer " + std::string(bearer));
  if (!request_id.empty()) context.AddMetadata("x-request-id", std::string(request_id));
  if (deadline != SteadyTime::Never()) context.set_deadline(ToGrpcTime(deadline));
}

}  // namespace marginalia
