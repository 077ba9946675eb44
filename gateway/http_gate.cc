#include "gateway/http_gate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/problem.h"
#include "gateway/request_target.h"
#include "services/rpc/errors.h"
#include "services/rpc/request_id.h"

namespace marginalia {
namespace {

constexpr std::string_view kNoRoute = "none";
constexpr absl::string_view kBearer = "Bearer ";

std::string RequestIdOf(const HttpRequest& request) {
  const std::string_view given = request.Header("x-request-id");
  return IsRequestId(given) ? std::string(given) : NewRequestId();
}

}  // namespace

HttpGate::HttpGate(Router router, TokenVerifier& tokens, Metrics& metrics)
    : router_(std::move(router)), tokens_(tokens), unrouted_(metrics, kNoRoute) {
  for (const Route& route : router_.routes()) {
    metrics_.push_back(std::make_unique<RouteMetrics>(metrics, route.path));
  }
}

void HttpGate::Handle(std::shared_ptr<HttpExchange> exchange) {
  const HttpRequest& request = exchange->request();
  ApiCallFacts facts;
  facts.start = absl::Now();
  facts.exchange = std::move(exchange);
  facts.request_id = RequestIdOf(request);
  facts.route = kNoRoute;
  facts.metrics = &unrouted_;

  const auto target = SplitTarget(request.target);
  if (!target.ok()) return ApiCall(std::move(facts)).Fail(target.status());
  auto match = router_.Match(request.method, target->path);
  if (!match.ok()) return ApiCall(std::move(facts)).Fail(match.status());
  if (match->route == nullptr) {
    HttpResponse response =
        match->allow.empty()
            ? Problem(404, "PATH_NOT_FOUND", "there is nothing at this path", facts.request_id)
            : Problem(405, "METHOD_NOT_ALLOWED", "this path takes " + match->allow,
                      facts.request_id);
    if (!match->allow.empty()) response.headers += "Allow: " + match->allow + "\r\n";
    return ApiCall(std::move(facts)).Answer(std::move(response));
  }
  facts.route = match->route->path;
  facts.metrics = metrics_[match->index].get();
  facts.path_parameters = std::move(match->parameters);
  facts.query = target->query;
  if (match->route->access == RouteAccess::kCallerOfATenant) {
    if (const absl::Status status = Identify(facts); !status.ok()) {
      return ApiCall(std::move(facts)).Fail(status);
    }
  }
  match->route->handle(ApiCall(std::move(facts)));
}

absl::Status HttpGate::Identify(ApiCallFacts& facts) {
  const std::string_view header = facts.exchange->request().Header("authorization");
  if (!absl::StartsWithIgnoreCase({header.data(), header.size()}, kBearer)) {
    return Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING",
                   "send a token: Authorization: Bearer …");
  }
  const std::string_view bearer = header.substr(kBearer.size());
  auto token = tokens_.Verify(bearer);
  if (!token.ok()) return token.status();
  if ((*token)->caller.org_id.empty()) {
    return Refusal(absl::StatusCode::kPermissionDenied, "ORG_REQUIRED",
                   "the token must name a tenant (claim org)");
  }
  facts.token = std::move(*token);
  facts.bearer = bearer;
  return absl::OkStatus();
}

HttpResponse HttpGate::Refuse(int status, std::string_view reason, std::string_view detail) {
  ApiCallFacts facts;
  facts.start = absl::Now();
  facts.request_id = NewRequestId();
  facts.route = kNoRoute;
  facts.metrics = &unrouted_;
  HttpResponse response = Problem(status, reason, detail, facts.request_id);
  Conclude(facts, "", response);
  return response;
}

}  // namespace marginalia
