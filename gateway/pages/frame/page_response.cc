#include "gateway/pages/frame/page_response.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/http/gate/failure_pages.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr std::string_view kUncached =
    "Cache-Control: private, no-store\r\nVary: Accept-Encoding\r\n";

}  // namespace

HttpResponse PageResponse(int status, std::string html) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.headers = kUncached;
  response.body = std::move(html);
  return response;
}

void RefuseOtherThanForm(ApiCall call) {
  HttpResponse page = call.facts().failure_pages->Page(
      call.facts(), 415, "a form must come as application/x-www-form-urlencoded");
  call.Answer(std::move(page));
}

bool IsFinal(const absl::Status& failure) {
  return failure.code() == absl::StatusCode::kNotFound ||
         failure.code() == absl::StatusCode::kUnauthenticated ||
         failure.code() == absl::StatusCode::kPermissionDenied;
}

bool IsAbout(const absl::Status& failure, std::string_view field) {
  const std::vector<FieldViolation> violations = FieldViolationsOf(failure);
  return std::any_of(violations.begin(), violations.end(),
                     [field](const FieldViolation& each) { return each.field == field; });
}

HttpResponse SeeOther(std::string_view address) {
  HttpResponse response;
  response.status = 303;
  response.headers = kUncached;
  response.headers += "Location: ";
  response.headers += address;
  response.headers += "\r\n";
  return response;
}

}  // namespace marginalia
