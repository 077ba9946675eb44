// A gRPC server with what every process needs: health per service, limits, and a drain. Owned by
// main; Start, Drain and the destructor are called from one thread, SetServing from any.
#ifndef MARGINALIA_SERVICES_RPC_SERVER_SERVER_H_
#define MARGINALIA_SERVICES_RPC_SERVER_SERVER_H_

#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/net/tls.h"

namespace marginalia {

// A larger message is refused within gRPC, which gives no reason; so this is more than
// kRequestBytesMax, beyond which ParseRequest refuses with one. gRPC 1.51 looks at it only once the
// whole message has come, so it bounds no memory: shield/unread_messages.h does.
inline constexpr int kReceivedBytesMax = 32 * 1024 * 1024;
// Of one call; the gate refuses what is larger. gRPC 1.51 ends the whole connection at its own
// limit, with all the calls of others that a proxy carries over it, so that one is far above.
inline constexpr int kMetadataBytesMax = 16 * 1024;
inline constexpr int kMetadataBytesHardMax = 128 * 1024;
inline constexpr int kStreamsPerConnectionMax = 1024;
// Both sides ping a connection that is silent for so long, and give it up when nothing comes back.
inline constexpr absl::Duration kKeepalivePing = absl::Seconds(15);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(10);
// A client that pings more often than this is told to go away.
inline constexpr absl::Duration kClientPingIntervalMin = absl::Seconds(10);
static_assert(kKeepalivePing > kClientPingIntervalMin, "our own clients would be told to go away");
// Of a connection that has reached its age, calls get this long to end; longer than any unary call
// but those that go through a whole log. Streams are cut then, and go on elsewhere from their last
// token.
inline constexpr absl::Duration kConnectionAgeGrace = absl::Seconds(30);

class HealthService;
class Listener;
class ProbeListener;

struct RpcServerOptions {
  // host:port; port 0 binds a free one.
  std::string address;
  // In-flight calls get this long to finish on drain.
  absl::Duration drain_grace = absl::Seconds(10);
  ListenerTls tls;
  // A client is asked to connect anew after about this long (gRPC spreads it by a tenth), so that
  // replicas that came later get their part of the calls. Infinite: never.
  absl::Duration connection_age_max = absl::Minutes(5);
  absl::Duration connection_age_grace = kConnectionAgeGrace;
  // host:port of a plain listener for health alone; empty: none.
  std::string probe_address;
  // False: health says NOT_SERVING until SetServing, though calls are answered.
  bool serving = true;
};

class RpcServer {
 public:
  // Registers the services and starts to listen; health says SERVING for each and for "", unless
  // the options say not yet. Fails, naming an address that cannot be bound, and its flag.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      RpcServerOptions options, const std::vector<grpc::Service*>& services);
  ~RpcServer();

  // host:port as bound.
  const std::string& address() const;
  // The same of the listener for probes; empty when there is none.
  std::string probe_address() const;

  // Does nothing once the server drains.
  void SetServing(bool serving);

  // NOT_SERVING for good, then `end_streams` (long-lived streams end themselves with UNAVAILABLE
  // and a last token), then no new calls, then waits for those in flight, at most the grace period.
  // Probes are answered to the end.
  void Drain(absl::AnyInvocable<void()> end_streams);

 private:
  RpcServer();
  void TellHealth(bool serving);

  RpcServerOptions options_;
  std::mutex mutex_;
  bool drains_ = false;  // guarded by mutex_
  std::vector<std::string> service_names_;
  std::unique_ptr<HealthService> health_;
  std::unique_ptr<ProbeListener> probes_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SERVER_SERVER_H_
