#include "gateway/http/gate/http_gate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/http/content_coding.h"
#include "gateway/http/gate/ended_sessions.h"
#include "gateway/http/gate/failure_pages.h"
#include "gateway/http/gate/same_origin.h"
#include "gateway/http/gate/session_cookie.h"
#include "gateway/http/gate/trace.h"
#include "gateway/http/gate/viewer.h"
#include "gateway/http/io_thread.h"
#include "gateway/http/problem.h"
#include "gateway/http/target.h"
#include "services/errors/errors.h"
#include "services/identity/verification_queue.h"
#include "services/process/stopwatch.h"
#include "services/rpc/gate/request_id.h"

namespace marginalia {
namespace {

constexpr std::string_view kNoRoute = "none";
constexpr absl::string_view kBearer = "Bearer ";
constexpr std::string_view kApiPaths = "/api/";

std::string RequestIdOf(const HttpRequest& request) {
  const std::string_view given = request.Header("x-request-id");
  return IsRequestId(given) ? std::string(given) : NewRequestId();
}

// Browsers say so when a person is to look at the answer.
bool IsForPeople(const HttpRequest& request) {
  return request.target.substr(0, kApiPaths.size()) != kApiPaths &&
         request.Header("accept").find("text/html") != std::string_view::npos;
}

absl::Status CrossOrigin() {
  return Refusal(
      absl::StatusCode::kPermissionDenied, "CROSS_ORIGIN",
      "a browser may change something from a page of this site only, and this came from elsewhere");
}

}  // namespace

HttpGate::HttpGate(Router router, const FailurePages& failure_pages, RateLimitOptions rates,
                   IoThread& io, TokenVerifier& tokens, VerificationQueue& verifications,
                   const EndedSessions& ended, AnswerRoomOptions answers, Metrics& metrics,
                   Tracer* tracer)
    : router_(std::move(router)),
      failure_pages_(failure_pages),
      rates_(std::move(rates)),
      io_(io),
      tokens_(tokens),
      verifications_(verifications),
      ended_(ended),
      room_(answers),
      tracer_(tracer),
      unrouted_(metrics, kNoRoute) {
  for (const char* reason : {"TOKEN_MISSING", "TOKEN_INVALID", "ORG_REQUIRED", "CROSS_ORIGIN",
                             "RATE_LIMITED", "TOO_MANY_UNKNOWN_TOKENS", "VIEWER_CHANGED"}) {
    refusals_[reason] =
        metrics.AddCounter("marginalia_refusals_total",
                           "Requests that the gate refused, by reason.", {{"reason", reason}});
  }
  for (const Route& route : router_.routes()) {
    metrics_.push_back(std::make_unique<RouteMetrics>(metrics, route.path));
  }
}

void HttpGate::Handle(std::shared_ptr<HttpExchange> exchange) {
  const HttpRequest& request = exchange->request();
  ApiCallFacts facts;
  facts.exchange = std::move(exchange);
  facts.request_id = RequestIdOf(request);
  facts.trace = TraceOf(request, tracer_);
  facts.route = kNoRoute;
  facts.metrics = &unrouted_;
  facts.failure_pages = &failure_pages_;
  facts.room = &room_;
  // Until the route says it.
  if (IsForPeople(request)) facts.form = RouteForm::kPage;

  const auto target = SplitTarget(request.target);
  if (!target.ok()) return ApiCall(std::move(facts)).Fail(target.status());
  auto match = router_.Match(request.method, target->path);
  if (!match.ok()) return ApiCall(std::move(facts)).Fail(match.status());
  if (match->route == nullptr) return FailUnrouted(std::move(facts), *match);
  facts.route = match->route->path;
  facts.form = match->route->form;
  facts.metrics = metrics_[match->index].get();
  facts.path_parameters = std::move(match->parameters);
  facts.query = target->query;
  if (match->route->access == RouteAccess::kAnyone) {
    return Enter(std::move(facts), *match->route, nullptr);
  }
  if (const absl::Status found = FindBearer(facts); !found.ok()) {
    return Refuse(std::move(facts), found);
  }
  Identify(std::move(facts), *match->route);
}

void HttpGate::Identify(ApiCallFacts facts, const Route& route) {
  if (auto known = tokens_.Known(facts.bearer); known.has_value()) {
    return Enter(std::move(facts), route, *std::move(known));
  }
  const std::string host = facts.exchange->peer_host();
  std::string bearer(facts.bearer);
  verifications_.Verify(
      host, std::move(bearer),
      [this, &route, facts = std::move(facts)](absl::StatusOr<Token> token) mutable {
        io_.Post([this, &route, facts = std::move(facts), token = std::move(token)]() mutable {
          Enter(std::move(facts), route, std::move(token));
        });
      });
}

void HttpGate::Enter(ApiCallFacts facts, const Route& route, absl::StatusOr<Token> token) {
  if (const absl::Status status = Admit(facts, route.access, std::move(token)); !status.ok()) {
    return Refuse(std::move(facts), status);
  }
  const HttpRequest& request = facts.exchange->request();
  if (HasCodedBody(request)) return FailCoded(std::move(facts));
  if (facts.trace.recorded()) {
    facts.path = SplitTarget(request.target)->path.substr(0, kTracedPathBytesMax);
  }
  route.handle(ApiCall(std::move(facts)));
}

void HttpGate::Refuse(ApiCallFacts facts, const absl::Status& status) {
  const auto counted = refusals_.find(ReasonOf(status));
  if (counted != refusals_.end()) counted->second->Add();
  if (!LateRefusals::ComesLate(status)) return ApiCall(std::move(facts)).Fail(status);
  late_refusals_.Tell(status, [this, facts = std::move(facts), status]() mutable {
    io_.Post(
        [facts = std::move(facts), status]() mutable { ApiCall(std::move(facts)).Fail(status); });
  });
}

void HttpGate::FailUnrouted(ApiCallFacts facts, const RouteMatch& match) {
  const bool known = !match.allow.empty();
  const int status = known ? 405 : 404;
  const std::string_view reason = known ? "METHOD_NOT_ALLOWED" : "PATH_NOT_FOUND";
  const std::string detail =
      known ? "this path takes " + match.allow : "there is nothing at this path";
  FailAs(std::move(facts), status, reason, detail,
         known ? "Allow: " + match.allow + "\r\n" : std::string());
}

void HttpGate::FailCoded(ApiCallFacts facts) {
  // RFC 9110, 15.5.16.
  FailAs(std::move(facts), 415, "CONTENT_CODING_UNSUPPORTED",
         "send the body as it is, without Content-Encoding", "Accept-Encoding: identity\r\n");
}

void HttpGate::FailAs(ApiCallFacts facts, int status, std::string_view reason,
                      std::string_view detail, std::string_view headers) {
  facts.reason = reason;
  HttpResponse response = IsForPrograms(facts.form)
                              ? Problem(status, reason, detail, facts.request_id)
                              : failure_pages_.Page(facts, status, detail);
  response.headers += headers;
  ApiCall(std::move(facts)).Answer(std::move(response));
}

absl::Status HttpGate::FindBearer(ApiCallFacts& facts) const {
  const HttpRequest& request = facts.exchange->request();
  const std::string_view header = request.Header("authorization");
  const bool in_header = absl::StartsWithIgnoreCase({header.data(), header.size()}, kBearer);
  if (in_header) {
    facts.credential = facts.bearer = header.substr(kBearer.size());
  } else if (header.empty()) {
    facts.credential = SessionOf(request);
    facts.bearer = TokenOfSession(facts.credential);
  }
  if (!in_header && facts.bearer.empty() && tokens_.needs_token()) {
    return Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING",
                   "send a token: Authorization: Bearer …");
  }
  facts.by_cookie = !in_header;
  return absl::OkStatus();
}

absl::Status HttpGate::Admit(ApiCallFacts& facts, RouteAccess access, absl::StatusOr<Token> token) {
  if (!token.ok()) return token.status();
  if (access == RouteAccess::kCallerOfATenant) {
    if ((*token)->caller.acts_for_all_tenants()) {
      return Refusal(absl::StatusCode::kPermissionDenied, "ORG_REQUIRED",
                     "the token must name a tenant (claim org)");
    }
    if (ended_.Has(facts.credential)) {
      return Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID",
                     "this session was signed out of");
    }
    facts.token = *std::move(token);
    if (absl::Status status = rates_.Take(facts.token->caller); !status.ok()) return status;
  }
  // No other site can make a browser send a token of its own, but every site can make it send the
  // cookie, or a form.
  const HttpRequest& request = facts.exchange->request();
  if (!request.is_read() && (facts.by_cookie || facts.token == nullptr) &&
      !IsFromSameOrigin(request)) {
    return CrossOrigin();
  }
  return facts.token == nullptr ? absl::OkStatus() : CheckViewer(facts, facts.token->caller);
}

HttpResponse HttpGate::Refuse(const HttpRequest& request, int status, std::string_view reason,
                              std::string_view detail) {
  ApiCallFacts facts;
  facts.request_id = NewRequestId();
  facts.route = kNoRoute;
  facts.metrics = &unrouted_;
  facts.reason = reason;
  // What was understood of it, a form that is too large for instance, may say whom to tell.
  if (IsForPeople(request)) facts.form = RouteForm::kPage;
  HttpResponse response = IsForPrograms(facts.form)
                              ? Problem(status, reason, detail, facts.request_id)
                              : failure_pages_.Page(facts, status, detail);
  Conclude(facts, "", response);
  return response;
}

}  // namespace marginalia
