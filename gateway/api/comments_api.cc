#include "gateway/api/comments_api.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/api/answered_point.h"
#include "gateway/api/json_request.h"
#include "gateway/api/posted_comment.h"
#include "gateway/http/etag.h"
#include "gateway/http/json_response.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/http/target.h"
#include "gateway/upstream/transcode.h"
#include "services/errors/errors.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

using comments::v1::AddCommentResponse;
using comments::v1::Comment;
using comments::v1::GetCommentRequest;
using comments::v1::GetCommentResponse;
using comments::v1::ListCommentsRequest;
using comments::v1::ListCommentsResponse;

std::string TagOf(const ApiCall& call, const ListCommentsRequest& request, std::string_view log_id,
                  std::int64_t revision) {
  return ThreadPageTag({log_id, call.caller().org_id, request.invoice_id(), request.page_token(),
                        request.page_size(), revision});
}

// Where a comment can be got again.
std::string PathOf(const Comment& comment) {
  return absl::StrCat("/api/invoices/", PercentEncode(comment.invoice_id()), "/comments/",
                      PercentEncode(comment.comment_id()));
}

// In a path there is more than one id.
std::string_view NameInPath(std::string_view field) { return field == "id" ? "commentId" : field; }

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
      const std::string tag = TagOf(call, request, known->log_id, known->revision);
      if (NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
    }
  }
  upstream_.ListComments(
      std::move(call), request,
      [this, request](ApiCall call, const absl::Status& status, const ListCommentsResponse& page) {
        if (!status.ok()) return call.Fail(status);
        std::string tag;
        if (const auto point = AnsweredPoint(call, page.consistency_token())) {
          const std::int64_t revision = RevisionOf(page);
          tag = TagOf(call, request, point->log_id, revision);
          // What an empty thread is really called is not known: it may be another name for one.
          if (!page.comments().empty()) {
            versions_.Learn(*point, call.caller().org_id, request.invoice_id(),
                            page.comments(0).invoice_id(), revision);
          }
        }
        if (!tag.empty() && NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
        call.Answer(JsonResponse(200, ToJson(page), tag));
      });
}

void CommentsApi::Get(ApiCall call) {
  GetCommentRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(call.path_parameter(1));
  upstream_.GetComment(
      std::move(call), request,
      [](ApiCall call, const absl::Status& status, const GetCommentResponse& answer) {
        if (!status.ok()) return call.Fail(WithFieldNames(status, NameInPath));
        std::string json = ToJson(answer);
        // What If-Match of a change takes; without one, from a service that gives none, one of the
        // text.
        const std::string& etag = answer.comment().etag();
        const std::string tag = etag.empty() ? WeakTag(json) : StrongTag(etag);
        if (NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
        call.Answer(JsonResponse(200, std::move(json), tag));
      });
}

void CommentsApi::Add(ApiCall call) {
  if (!SendsJson(call)) return RefuseContentType(std::move(call));
  auto request = AddCommentFromJson(call.request().body);
  if (!request.ok()) return call.Fail(request.status());
  request->set_invoice_id(call.path_parameter(0));
  upstream_.AddComment(
      std::move(call), *std::move(request),
      [this](ApiCall call, const absl::Status& status, const AddCommentResponse& added) {
        if (!status.ok()) return call.Fail(status);
        const auto& comment = added.comment();
        const auto point = AnsweredPoint(call, added.consistency_token());
        if (point && !added.replayed()) {
          versions_.Changed(*point, call.caller().org_id, call.path_parameter(0),
                            comment.invoice_id());
        }
        HttpResponse response = JsonResponse(added.replayed() ? 200 : 201, ToJson(added), "");
        if (!added.replayed()) response.headers += "Location: " + PathOf(comment) + "\r\n";
        call.Answer(std::move(response));
      });
}

}  // namespace marginalia
