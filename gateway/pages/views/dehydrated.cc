#include "gateway/pages/views/dehydrated.h"

#include <algorithm>

#include "gateway/http/etag.h"
#include "gateway/pages/views/comment_view.h"
#include "gateway/upstream/comment_json.h"
#include "gateway/upstream/reader_json.h"
#include "services/text/json_string.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

using comments::v1::ListCommentsResponse;

// Room for what stands around the page.
constexpr std::size_t kFrameBytes = 1024;

void AppendMember(std::string& json, std::string_view name, std::string_view value) {
  if (json.back() != '{') json += ',';
  json += '"';
  json += name;
  json += "\":";
  AppendJsonString(json, value);
}

// Empty when the token cannot be read, which only costs a request its answer from the cache.
std::string TagOf(const ListCommentsResponse& page, const ThreadPlace& place,
                  const Caller& caller) {
  const auto point = ParseConsistencyToken(page.consistency_token(), TokenScope(caller), "", "");
  if (!point.ok()) return "";
  return ThreadPageTag({point->log_id, caller.org_id, place.invoice_id, place.cursor, place.around,
                        kPageSizeDefault, RevisionOf(page)});
}

// In JSON "<" stands in strings only.
std::string WithoutLessThan(std::string_view json) {
  std::string safe;
  safe.reserve(json.size() + kFrameBytes);
  for (std::size_t at = 0; at < json.size();) {
    const std::size_t end = std::min(json.find('<', at), json.size());
    safe += json.substr(at, end - at);
    if (end < json.size()) safe += "\\u003c";
    at = end + 1;
  }
  return safe;
}

}  // namespace

std::string Dehydrated(const ListCommentsResponse& page, const ThreadPlace& place,
                       const Caller& caller) {
  std::string json = "{";
  AppendMember(json, "invoiceId", place.invoice_id);
  // What no cursor leads to is named by what is in its middle.
  AppendMember(
      json, "cursor",
      place.around.empty() ? std::string(place.cursor) : "around:" + std::string(place.around));
  json += ",\"page\":";
  json += ToJson(page);
  json += ",\"viewer\":{";
  AppendMember(json, "orgId", caller.org_id);
  AppendMember(json, "userId", caller.user_id);
  AppendMember(json, "displayName", caller.display_name);
  json += ",\"canComment\":";
  json += CanComment(caller) ? "true" : "false";
  // Who may take away what others wrote.
  if (caller.role == Role::kAdmin) json += R"(,"role":"admin")";
  json += '}';
  if (place.read_state != nullptr) json += ",\"readState\":" + ToJson(*place.read_state);
  AppendMember(json, "etag", TagOf(page, place, caller));
  json += '}';
  return WithoutLessThan(json);
}

}  // namespace marginalia
