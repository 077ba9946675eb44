// The health service (grpc.health.v1) of a server. Of our own, because gRPC's lets whoever watches
// hold up a drain until the grace period is over. Owned by RpcServer; thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_SERVER_HEALTH_H_
#define MARGINALIA_SERVICES_RPC_SERVER_HEALTH_H_

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "services/net/host_places.h"

namespace marginalia {

// Further watchers are refused with RESOURCE_EXHAUSTED. Nobody needs a token to watch, and for as
// long as he likes: so no host (peer_name.h) gets all the places, as with connections.
inline constexpr std::size_t kHealthWatchersMax = 256;
inline constexpr std::size_t kHealthWatchersPerHostMax = kHealthWatchersMax / 4 * kHostQuarters;

// A longer name of a service is refused of a watch, which keeps it, with INVALID_ARGUMENT.
inline constexpr std::size_t kHealthServiceBytesMax = 256;

class HealthWatch;

class HealthService : public grpc::health::v1::Health::CallbackService {
 public:
  void SetServing(const std::string& service, bool serving);

  // Ends every watch with UNAVAILABLE, after its last status, and takes no new ones.
  void EndWatches();

  // An unknown service: NOT_FOUND.
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;

  // An unknown service: SERVICE_UNKNOWN, until it is known.
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  friend class HealthWatch;
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // With mutex_ held.
  Status StatusOf(const std::string& service) const;
  bool HasPlaceFor(const std::string& host) const;

  std::mutex mutex_;
  std::map<std::string, Status> statuses_;
  std::set<HealthWatch*> watches_;
  bool ended_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SERVER_HEALTH_H_
