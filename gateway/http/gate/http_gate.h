// The gate that every HTTP request passes: request id, route, identity, and on the way out the
// metrics and the log line. Used on the io thread.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_HTTP_GATE_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_HTTP_GATE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/http/gate/answer_room.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/http/gate/route_metrics.h"
#include "gateway/http/gate/router.h"
#include "gateway/http/message.h"
#include "services/identity/token_verifier.h"
#include "services/rpc/gate/late_refusals.h"
#include "services/rpc/gate/rate_limits.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

class EndedSessions;
class FailurePages;
class IoThread;
class VerificationQueue;

class HttpGate : public HttpHandler {
 public:
  // Nothing but the router is owned; the rest must outlive the gate. Without a tracer no span is
  // recorded.
  HttpGate(Router router, const FailurePages& failure_pages, RateLimitOptions rates, IoThread& io,
           TokenVerifier& tokens, VerificationQueue& verifications, const EndedSessions& ended,
           AnswerRoomOptions answers, Metrics& metrics, Tracer* tracer);

  void Handle(std::shared_ptr<HttpExchange> exchange) override;
  HttpResponse Refuse(const HttpRequest& request, int status, std::string_view reason,
                      std::string_view detail) override;

 private:
  // Ends a request that has no route.
  void FailUnrouted(ApiCallFacts facts, const RouteMatch& match);
  // Ends one whose body is in a coding that is not taken.
  void FailCoded(ApiCallFacts facts);
  // `headers`: whole lines, as HttpResponse has them.
  void FailAs(ApiCallFacts facts, int status, std::string_view reason, std::string_view detail,
              std::string_view headers);
  using Token = std::shared_ptr<const VerifiedToken>;

  // Finds the token that the request carries.
  absl::Status FindBearer(ApiCallFacts& facts) const;
  // Asks whose token it is, on another thread when that has to be found out.
  void Identify(ApiCallFacts facts, const Route& route);
  // Goes on when it is known who calls.
  void Enter(ApiCallFacts facts, const Route& route, absl::StatusOr<Token> token);
  void Refuse(ApiCallFacts facts, const absl::Status& status);
  absl::Status Admit(ApiCallFacts& facts, RouteAccess access, absl::StatusOr<Token> token);

  const Router router_;
  const FailurePages& failure_pages_;
  RateLimits rates_;
  IoThread& io_;
  TokenVerifier& tokens_;
  VerificationQueue& verifications_;
  const EndedSessions& ended_;
  AnswerRoom room_;
  Tracer* const tracer_;
  // By reason; filled by the constructor.
  std::map<std::string, Counter*, std::less<>> refusals_;
  // Of each route, in the router's order.
  std::vector<std::unique_ptr<RouteMetrics>> metrics_;
  // Of requests that have no route.
  RouteMetrics unrouted_;
  LateRefusals late_refusals_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_HTTP_GATE_H_
