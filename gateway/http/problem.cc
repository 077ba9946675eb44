#include "gateway/http/problem.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/etag.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "services/text/json_string.h"

namespace marginalia {
namespace {

// When nothing says how long to wait before trying again.
constexpr absl::Duration kRetryAfterDefault = absl::Seconds(1);

// Indexed by absl::StatusCode, which has the numbers of gRPC.
constexpr std::array<int, 17> kHttpStatuses = {
    200,  // OK
    499,  // CANCELLED
    500,  // UNKNOWN
    400,  // INVALID_ARGUMENT
    504,  // DEADLINE_EXCEEDED
    404,  // NOT_FOUND
    409,  // ALREADY_EXISTS
    403,  // PERMISSION_DENIED
    429,  // RESOURCE_EXHAUSTED
    400,  // FAILED_PRECONDITION
    409,  // ABORTED
    400,  // OUT_OF_RANGE
    501,  // UNIMPLEMENTED
    500,  // INTERNAL
    503,  // UNAVAILABLE
    500,  // DATA_LOSS
    401,  // UNAUTHENTICATED
};

void AppendMember(std::string& json, std::string_view name, std::string_view value) {
  json += ",\"";
  json += name;
  json += "\":";
  AppendJsonString(json, value);
}

std::string ProblemBody(int status, std::string_view reason, std::string_view detail,
                        std::string_view request_id, const std::vector<FieldViolation>& errors) {
  std::string json = R"({"type":"about:blank","title":)";
  AppendJsonString(json, StatusPhrase(status));
  json += ",\"status\":" + std::to_string(status);
  AppendMember(json, "detail", detail);
  AppendMember(json, "reason", reason);
  AppendMember(json, "requestId", request_id);
  if (!errors.empty()) {
    json += ",\"errors\":[";
    for (const FieldViolation& error : errors) {
      if (json.back() != '[') json += ',';
      json += R"({"field":)";
      AppendJsonString(json, error.field);
      AppendMember(json, "message", error.description);
      json += '}';
    }
    json += ']';
  }
  return json + '}';
}

// The message; of bad fields, with the names that they have here.
std::string DetailOf(const absl::Status& status, const std::vector<FieldViolation>& errors) {
  if (errors.empty()) return std::string(status.message());
  std::string detail;
  for (const FieldViolation& error : errors) {
    if (!detail.empty()) detail += "; ";
    detail += error.field;
    detail += ' ';
    detail += error.description;
  }
  return detail;
}

void AddRetryAfter(HttpResponse& response, absl::Duration wait) {
  const std::int64_t seconds = absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
  response.headers += "Retry-After: " + std::to_string(seconds) + "\r\n";
}

HttpResponse ProblemResponse(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = kProblemType;
  response.headers = "Cache-Control: no-store\r\n";
  response.body = std::move(body);
  return response;
}

}  // namespace

int HttpStatusOf(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == "EVENTS_COMPACTED" || reason == "EVENTS_MISSING") return 410;
  if (reason == "STORAGE_FULL") return 507;
  // The condition that If-Match named does not hold.
  if (reason == "ETAG_MISMATCH") return 412;
  // What was asked for does not fit what is there by now.
  if (reason == "EDIT_WINDOW_OVER" || reason == "COMMENT_REMOVED" || reason == "TOO_MANY_EDITS") {
    return 409;
  }
  const auto code = static_cast<std::size_t>(status.raw_code());
  return code < kHttpStatuses.size() ? kHttpStatuses[code] : 500;
}

bool IsPassing(const absl::Status& status) {
  const int code = HttpStatusOf(status);
  return code == 429 || code == 503 || code == 504;
}

HttpResponse Problem(const absl::Status& failure, std::string_view request_id) {
  // A service has already hidden what only its own log may know; what arises here has not been.
  const absl::Status status = PublicStatus(failure);
  const int code = HttpStatusOf(status);
  const std::vector<FieldViolation> errors = FieldViolationsOf(status);
  HttpResponse response = ProblemResponse(
      code, ProblemBody(code, ReasonOf(status), DetailOf(status, errors), request_id, errors));
  absl::Duration retry_after = RetryAfterOf(status);
  if (code == 429 || code == 503) retry_after = std::max(retry_after, kRetryAfterDefault);
  if (retry_after > absl::ZeroDuration()) AddRetryAfter(response, retry_after);
  if (code == 401) {
    response.headers += ReasonOf(status) == "TOKEN_MISSING"
                            ? "WWW-Authenticate: Bearer\r\n"
                            : "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n";
  }
  // What it would have to be now: whoever knows what has changed need not ask for it.
  if (const std::string etag = ErrorMetadataOf(status, "etag"); code == 412 && !etag.empty()) {
    response.headers += "ETag: " + StrongTag(etag) + "\r\n";
  }
  return response;
}

HttpResponse Problem(int status, std::string_view reason, std::string_view detail,
                     std::string_view request_id) {
  HttpResponse response =
      ProblemResponse(status, ProblemBody(status, reason, detail, request_id, {}));
  if (status == 503) AddRetryAfter(response, kRetryAfterDefault);
  return response;
}

}  // namespace marginalia
