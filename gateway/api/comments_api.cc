#include "gateway/api/comments_api.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "gateway/api/posted_comment.h"
#include "gateway/http/etag.h"
#include "gateway/http/json_response.h"
#include "gateway/http/problem.h"
#include "gateway/http/target.h"
#include "gateway/upstream/transcode.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

using comments::v1::AddCommentResponse;
using comments::v1::ListCommentsRequest;
using comments::v1::ListCommentsResponse;

// The point of an answer's token; nothing when it is unreadable, which only costs what it is for.
std::optional<LogPoint> PointOf(const ApiCall& call, const std::string& token) {
  auto point = ParseConsistencyToken(token, TokenScope(call.caller()), "", "");
  if (!point.ok()) return std::nullopt;
  return *std::move(point);
}

std::string TagOf(const ApiCall& call, const ListCommentsRequest& request, std::string_view log_id,
                  std::int64_t total_size) {
  return ThreadPageTag({log_id, call.caller().org_id, request.invoice_id(), request.page_token(),
                        request.page_size(), total_size});
}

// Whether a Content-Type is JSON in UTF-8, which is all that JSON is exchanged in (RFC 8259, 8.1).
bool IsJson(std::string_view content_type) {
  absl::string_view type(content_type.data(), content_type.size());
  const absl::string_view name = type.substr(0, type.find(';'));
  if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(name), "application/json")) return false;
  type.remove_prefix(std::min(type.size(), name.size() + 1));
  const absl::string_view parameter = absl::StripAsciiWhitespace(type);
  return parameter.empty() || absl::EqualsIgnoreCase(parameter, "charset=utf-8") ||
         absl::EqualsIgnoreCase(parameter, "charset=\"utf-8\"");
}

}  // namespace

void CommentsApi::List(ApiCall call) {
  ListCommentsRequest request;
  request.set_invoice_id(call.path_parameter(0));
  auto cursor = QueryText(call.query(), "cursor");
  if (!cursor.ok()) return call.Fail(cursor.status());
  request.set_page_token(*std::move(cursor));
  const auto limit = QueryLimit(call.query());
  if (!limit.ok()) return call.Fail(limit.status());
  request.set_page_size(*limit);
  auto token = QueryText(call.query(), "consistency");
  if (!token.ok()) return call.Fail(token.status());
  request.set_at_least_as_fresh(*std::move(token));

  // What the events have told so far need not be as fresh as a token asks for.
  const bool believes_events = request.at_least_as_fresh().empty() && events_.current();
  if (IsConditional(call.request()) && !MatchesAnything(call.request()) && believes_events) {
    const auto known = versions_.Find(call.caller().org_id, request.invoice_id());
    if (known) {
      const std::string tag = TagOf(call, request, known->log_id, known->total);
      if (NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
    }
  }
  upstream_.ListComments(
      std::move(call), request,
      [this, request](ApiCall call, const absl::Status& status, const ListCommentsResponse& page) {
        if (!status.ok()) return call.Fail(status);
        std::string tag;
        if (const auto point = PointOf(call, page.consistency_token())) {
          tag = TagOf(call, request, point->log_id, page.total_size());
          // What an empty thread is really called is not known: it may be another name for one.
          if (!page.comments().empty()) {
            versions_.Learn(*point, call.caller().org_id, request.invoice_id(),
                            page.comments(0).invoice_id(), page.total_size());
          }
        }
        if (!tag.empty() && NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
        call.Answer(JsonResponse(200, ToJson(page), tag));
      });
}

void CommentsApi::Add(ApiCall call) {
  if (!IsJson(call.request().Header("content-type"))) {
    HttpResponse response = Problem(415, "CONTENT_TYPE_UNSUPPORTED",
                                    "send Content-Type: application/json", call.request_id());
    response.headers += "Accept-Post: application/json\r\n";
    return call.Answer(std::move(response));
  }
  auto request = AddCommentFromJson(call.request().body);
  if (!request.ok()) return call.Fail(request.status());
  request->set_invoice_id(call.path_parameter(0));
  upstream_.AddComment(
      std::move(call), *std::move(request),
      [this](ApiCall call, const absl::Status& status, const AddCommentResponse& added) {
        if (!status.ok()) return call.Fail(status);
        const auto& comment = added.comment();
        const auto point = PointOf(call, added.consistency_token());
        // A replayed one tells how long the thread was, not how long it is.
        if (point && !added.replayed()) {
          versions_.Learn(*point, call.caller().org_id, call.path_parameter(0),
                          comment.invoice_id(), comment.sequence());
        }
        call.Answer(JsonResponse(added.replayed() ? 200 : 201, ToJson(added), ""));
      });
}

}  // namespace marginalia
