// The gateway as a whole: owns nothing but its connections, and is made of the parts beside this
// file. Used from one thread.
#ifndef MARGINALIA_GATEWAY_GATEWAY_H_
#define MARGINALIA_GATEWAY_GATEWAY_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/gate/answer_room.h"
#include "gateway/http/server.h"
#include "gateway/live/event_stream.h"
#include "gateway/live/stream_places.h"
#include "services/identity/token_verifier.h"
#include "services/net/tls.h"
#include "services/rpc/gate/rate_limits.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

struct GatewayOptions {
  HttpServerOptions http;
  // Of the services, as services/rpc/client/target.h has it.
  std::string comments_address;
  std::string invoices_address;
  UpstreamTls upstream_tls;
  // The file with this process's own token, for the event subscription.
  std::string service_token_path;
  // The people that the sign-in page of a demo offers (pages/forms/demo_people.h); empty: no such
  // page.
  std::string demo_people_path;
  EventStreamOptions events;
  RateLimitOptions rates;
  AnswerRoomOptions answers;
  // Where the spans of requests go; null: none are recorded. Must outlive the gateway.
  Tracer* tracer = nullptr;
  std::size_t sse_clients_max = kSseClientsMax;
  std::size_t sse_clients_per_user_max = kSseClientsPerUserMax;
};

class Gateway {
 public:
  // Listens and follows the events. Tokens and metrics are not owned; they must outlive the
  // gateway. Fails, naming the address, when it cannot listen.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(GatewayOptions options,
                                                        TokenVerifier& tokens, Metrics& metrics);
  ~Gateway();

  // host:port as bound.
  const std::string& address() const;

  // Not ready any more; streams end after their last event; requests in flight are finished.
  // Returns when all are, at the latest after `grace`.
  void Drain(absl::Duration grace);

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_GATEWAY_H_
