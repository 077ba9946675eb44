#include "gateway/api/json_request.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gateway/http/problem.h"

namespace marginalia {
namespace {

// Whether the charset that a parameter of Content-Type names, if it does, is UTF-8.
bool IsOfUtf8(absl::string_view parameter) {
  const std::pair<absl::string_view, absl::string_view> pair =
      absl::StrSplit(parameter, absl::MaxSplits('=', 1));
  if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(pair.first), "charset")) return true;
  absl::string_view charset = absl::StripAsciiWhitespace(pair.second);
  if (charset.size() > 1 && charset.front() == '"' && charset.back() == '"') {
    charset = charset.substr(1, charset.size() - 2);
  }
  return absl::EqualsIgnoreCase(charset, "utf-8") || absl::EqualsIgnoreCase(charset, "utf8");
}

bool IsJson(std::string_view content_type) {
  const std::string text(content_type);
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ';');
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts.front()), "application/json") &&
         std::all_of(parts.begin() + 1, parts.end(), IsOfUtf8);
}

}  // namespace

bool SendsJson(const ApiCall& call) { return IsJson(call.request().Header("content-type")); }

bool SendsJsonOrNothing(const ApiCall& call) {
  return call.request().body.empty() || SendsJson(call);
}

void RefuseContentType(ApiCall call) {
  HttpResponse response = Problem(415, "CONTENT_TYPE_UNSUPPORTED",
                                  "send Content-Type: application/json", call.request_id());
  response.headers += "Accept-Post: application/json\r\n";
  call.Answer(std::move(response));
}

}  // namespace marginalia
