// Client channels to the other services, and the identity that a call carries. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_CLIENT_CHANNEL_H_
#define MARGINALIA_SERVICES_RPC_CLIENT_CHANNEL_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/net/tls.h"
#include "services/process/stopwatch.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

// A channel to `address` (target.h; one that is none makes a channel whose calls all say so). Calls
// go to all its replicas in turn, and are retried and limited in time as proto/service_config.json
// says. With keepalive, bounded reconnect backoff (50 ms to 0.8 s) and message size limits.
// Connects in the background.
std::shared_ptr<grpc::Channel> ConnectTo(const std::string& address, const UpstreamTls& tls = {});

// Sets the bearer token, the request id and the deadline of an outgoing call.
void PrepareCall(grpc::ClientContext& context, std::string_view bearer, std::string_view request_id,
                 SteadyTime deadline);

// This process's own token: read from a file, read again when the file changes. Thread-safe.
class ServiceToken {
 public:
  // An empty path: no token; calls go out without identity.
  explicit ServiceToken(std::string path);
  // The token as of now, without trailing white space.
  std::string Current();
  // From when on it is refused, as a metric: NaN while there is none, or one that does not say.
  void AddMetrics(Metrics& metrics) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_CLIENT_CHANNEL_H_
