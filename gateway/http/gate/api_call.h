// One request to the API on its way through: who calls, what for, and how to answer. Answered
// exactly once; one that is dropped unanswered becomes a 500. Move-only; used by one thread at a
// time, from any thread.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_API_CALL_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_API_CALL_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/gate/router.h"
#include "gateway/http/message.h"
#include "services/identity/caller.h"
#include "services/identity/token_verifier.h"
#include "services/process/stopwatch.h"
#include "services/telemetry/trace.h"

namespace marginalia {

class AnswerRoom;
class FailurePages;
class RouteMetrics;

// What the gate has found out about a request.
inline constexpr std::size_t kTracedPathBytesMax = 256;

struct ApiCallFacts {
  std::shared_ptr<HttpExchange> exchange;
  // The route's template, and where it counts. Both outlive the call.
  std::string_view route;
  RouteMetrics* metrics = nullptr;
  std::vector<std::string> path_parameters;
  std::string_view query;
  std::string request_id;
  Trace trace;
  // Of a recorded trace, a known route and a caller who was admitted: the path, which then names
  // nothing but ids, up to kTracedPathBytesMax.
  std::string path;
  // Null on a route for anyone.
  std::shared_ptr<const VerifiedToken> token;
  std::string_view bearer;
  // What the token came in, whole: two sessions may have the same token.
  std::string_view credential;
  // Whether the token came in the session cookie, as a browser sends it.
  bool by_cookie = false;
  RouteForm form = RouteForm::kApi;
  // Why it was refused; empty when it was not.
  std::string reason;
  // Tells the failures of any other form. Outlives the call.
  const FailurePages* failure_pages = nullptr;
  // For the answer. Outlives the call.
  AnswerRoom* room = nullptr;
  Stopwatch stopwatch;
};

// What each answer passes on its way out: adds the headers that all have, counts the request and
// writes its log line.
void Conclude(const ApiCallFacts& facts, std::string_view method, HttpResponse& response);

class ApiCall {
 public:
  explicit ApiCall(ApiCallFacts facts);
  ~ApiCall();
  ApiCall(ApiCall&&) noexcept = default;
  ApiCall& operator=(ApiCall&&) = delete;

  const HttpRequest& request() const { return facts_->exchange->request(); }
  // What the n-th "{…}" of the route took.
  const std::string& path_parameter(std::size_t n) const { return facts_->path_parameters[n]; }
  // Still encoded: see target.h.
  std::string_view query() const { return facts_->query; }
  const std::string& request_id() const { return facts_->request_id; }
  const Trace& trace() const { return facts_->trace; }
  const ApiCallFacts& facts() const { return *facts_; }

  // On a route for callers only.
  const Caller& caller() const { return facts_->token->caller; }
  absl::Time token_expires() const { return facts_->token->expires; }
  // The caller's own token, to forward upstream. Never log it.
  std::string_view bearer() const { return facts_->bearer; }
  // See SessionKeyOf.
  std::string_view credential() const { return facts_->credential; }

  void Answer(HttpResponse response);
  // Answers with the problem that `status` is, or the page that tells it.
  void Fail(const absl::Status& status);
  // Answers with a stream; on the io thread. What the request held is gone afterwards.
  std::shared_ptr<OutputStream> Stream(HttpResponse head, StreamEvents events);

 private:
  std::unique_ptr<ApiCallFacts> facts_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_API_CALL_H_
