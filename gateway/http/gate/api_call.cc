#include "gateway/http/gate/api_call.h"

#include <cstdint>
#include <utility>

#include "gateway/http/content_coding.h"
#include "gateway/http/etag.h"
#include "gateway/http/gate/answer_room.h"
#include "gateway/http/gate/event_refusal.h"
#include "gateway/http/gate/failure_pages.h"
#include "gateway/http/gate/route_metrics.h"
#include "gateway/http/gate/trace.h"
#include "gateway/http/problem.h"
#include "services/errors/errors.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

constexpr std::string_view kSecurityHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Request-Id: ";
// Within the site a page tells where it is: without that, a browser would send its forms with the
// origin "null".
constexpr std::string_view kPageSecurityHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'\r\n"
    "Referrer-Policy: same-origin\r\n"
    "X-Request-Id: ";
constexpr std::size_t kLogLineBytes = 320;

void AddCommonHeaders(HttpResponse& response, const ApiCallFacts& facts) {
  response.headers += IsForPrograms(facts.form) ? kSecurityHeaders : kPageSecurityHeaders;
  response.headers += facts.request_id;
  response.headers += "\r\n";
}

void AddLine(std::string& headers, std::string_view name, std::string_view value) {
  headers += name;
  headers += value;
  headers += "\r\n";
}

// Of a 304 it is the tag that the client named.
void AddTag(HttpResponse& response, const HttpRequest& request) {
  if (response.tag.empty()) return;
  std::string tag = response.status == 304 ? TagAsNamed(request, response.tag)
                                           : TagInCoding(response.tag, response.coding);
  AddLine(response.headers, "ETag: ", tag.empty() ? response.tag : tag);
}

void AddCoding(HttpResponse& response, const HttpRequest& request) {
  CodeBody(request, response);
  if (response.coding == ContentCoding::kIdentity) return;
  AddLine(response.headers, "Content-Encoding: ", CodingName(response.coding));
}

// For the log. A client may send anything as a method, a piece of a body too long for its length
// even: only the methods of HTTP are named.
std::string_view KnownMethod(std::string_view method) {
  for (const std::string_view known :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}) {
    if (method == known) return known;
  }
  return method.empty() ? "" : "other";
}

// Counts the request and writes its log line: the route, never the target, which holds tokens.
void Record(const ApiCallFacts& facts, std::string_view method, int status) {
  const absl::Duration took = facts.stopwatch.elapsed();
  facts.metrics->Ended(status, took);
  std::string line;
  line.reserve(kLogLineBytes);
  AppendLogHead(line, status >= 500 ? Severity::kWarning : Severity::kInfo, "request");
  AppendLogField(line, "method", KnownMethod(method));
  AppendLogField(line, "route", facts.route);
  AppendLogField(line, "status", static_cast<std::int64_t>(status));
  AppendLogField(line, "micros", absl::ToInt64Microseconds(took));
  AppendLogField(line, "request_id", facts.request_id);
  if (!facts.reason.empty()) AppendLogField(line, "reason", facts.reason);
  if (facts.token != nullptr) AppendLogField(line, "org", facts.token->caller.org_id);
  if (facts.trace.present()) {
    AppendLogField(line, "trace_id", TraceIdText(facts.trace.context));
    AppendLogField(line, "span_id", SpanIdText(facts.trace.context.span_id));
  }
  line += '}';
  LogLine(line);
  RecordHttpSpan(facts, KnownMethod(method), status, took);
}

HttpResponse ResponseTo(const ApiCallFacts& facts, const absl::Status& failure) {
  if (facts.form == RouteForm::kEvents && TakesEventRefusal(facts.exchange->request(), failure)) {
    return EventRefusal(failure, facts.request_id);
  }
  return IsForPrograms(facts.form) ? Problem(failure, facts.request_id)
                                   : facts.failure_pages->Page(facts, failure);
}

// Whether there is room for the answer. One that tells of a change is never asked: the change would
// be taken for undone and made again. It holds one text, which no larger body than kBodyBytesMax
// brought.
bool HasRoom(const ApiCallFacts& facts, HttpResponse& response) {
  if (!facts.exchange->request().is_read() && response.status < 400) return true;
  return facts.room->Take(facts.token == nullptr ? "" : facts.token->caller.org_id, response);
}

}  // namespace

void Conclude(const ApiCallFacts& facts, std::string_view method, HttpResponse& response) {
  AddCommonHeaders(response, facts);
  Record(facts, method, response.status);
}

ApiCall::ApiCall(ApiCallFacts facts) : facts_(std::make_unique<ApiCallFacts>(std::move(facts))) {}

ApiCall::~ApiCall() {
  if (facts_ != nullptr) Fail(absl::InternalError("a request was dropped unanswered"));
}

void ApiCall::Answer(HttpResponse response) {
  const std::unique_ptr<ApiCallFacts> facts = std::move(facts_);
  AddCoding(response, facts->exchange->request());
  if (!HasRoom(*facts, response)) {
    facts->reason = "ANSWERS_TOO_SLOW";
    response = ResponseTo(*facts, Refusal(absl::StatusCode::kUnavailable, facts->reason,
                                          "too many large answers wait for their readers; "
                                          "try again"));
  }
  AddTag(response, facts->exchange->request());
  Conclude(*facts, facts->exchange->request().method, response);
  facts->exchange->Answer(std::move(response));
}

void ApiCall::Fail(const absl::Status& status) {
  if (IsForLogOnly(status)) {
    Log(Severity::kError, "a request failed",
        {{"error", std::string(status.message())},
         {"route", facts_->route},
         {"request_id", std::string_view(facts_->request_id)}});
  }
  facts_->reason = ReasonOf(status);
  Answer(ResponseTo(*facts_, status));
}

std::shared_ptr<OutputStream> ApiCall::Stream(HttpResponse head, StreamEvents events) {
  std::unique_ptr<ApiCallFacts> facts = std::move(facts_);
  AddCommonHeaders(head, *facts);
  const int status = head.status;
  std::string method(facts->exchange->request().method);
  // What points into the request ends with it, and the exchange would keep itself alive.
  const std::shared_ptr<HttpExchange> exchange = std::move(facts->exchange);
  facts->query = facts->bearer = facts->credential = {};
  events.closed = [facts = std::move(facts), method = std::move(method), status,
                   closed = std::move(events.closed)]() mutable {
    closed();
    Record(*facts, method, status);
  };
  return exchange->Stream(std::move(head), std::move(events));
}

}  // namespace marginalia
