#include "gateway/api/comments_api.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/api/answered_point.h"
#include "gateway/api/json_request.h"
#include "gateway/api/page_query.h"
#include "gateway/api/posted_comment.h"
#include "gateway/http/content_coding.h"
#include "gateway/http/etag.h"
#include "gateway/http/json_response.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/http/target.h"
#include "gateway/upstream/comment_json.h"
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

std::string TagOf(const ApiCall& call, const ListCommentsRequest& request,
                  const ThreadVersions::Version& version) {
  return ThreadPageTag({version.log_id, call.caller().org_id, request.invoice_id(),
                        request.page_token(), request.around_comment_id(), request.page_size(),
                        version.revision});
}

// Everybody of the tenant who is let in here is answered the same.
PageAsked AskedBy(const ApiCall& call, const ListCommentsRequest& request) {
  return {.org_id = call.caller().org_id,
          .invoice_id = request.invoice_id(),
          .cursor = request.page_token(),
          .limit = request.page_size(),
          .coding = ChooseCoding(call.request().Header("accept-encoding"))};
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
  if (absl::Status page = ReadPageQuery(call.query(), request); !page.ok()) {
    return call.Fail(page);
  }
  auto around = QueryText(call.query(), "around");
  if (!around.ok()) return call.Fail(around.status());
  request.set_around_comment_id(*std::move(around));
  auto token = QueryText(call.query(), "consistency");
  if (!token.ok()) return call.Fail(token.status());
  request.set_at_least_as_fresh(*std::move(token));

  if (AnswerFromMemory(call, request)) return;
  const std::uint64_t generation = pages_.Generation(AskedBy(call, request));
  upstream_.ListComments(std::move(call), request,
                         [this, request, generation](ApiCall call, const absl::Status& status,
                                                     const ListCommentsResponse& page) {
                           if (!status.ok()) return call.Fail(status);
                           const auto point = AnsweredPoint(call, page.consistency_token());
                           if (!point) return call.Answer(JsonResponse(200, ToJson(page), ""));
                           const ThreadVersions::Version version{point->log_id, RevisionOf(page)};
                           const std::string tag = TagOf(call, request, version);
                           // What an empty thread is really called is not known: it may be another
                           // name for one.
                           const bool named = !page.comments().empty();
                           if (named) {
                             versions_.Learn(*point, call.caller().org_id, request.invoice_id(),
                                             page.comments(0).invoice_id(), version.revision);
                           }
                           if (NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
                           HttpResponse response = JsonResponse(200, ToJson(page), tag);
                           CodeBody(call.request(), response);
                           if (named && request.around_comment_id().empty())
                             pages_.Learn(AskedBy(call, request), version, response, generation);
                           call.Answer(std::move(response));
                         });
}

bool CommentsApi::AnswerFromMemory(ApiCall& call, const ListCommentsRequest& request) {
  // What the events have told so far need not be as fresh as a token asks for.
  if (!request.at_least_as_fresh().empty() || !events_.current()) return false;
  // Links to a comment are followed once: their pages are not kept.
  if (!request.around_comment_id().empty()) return false;
  const auto known = versions_.Find(call.caller().org_id, request.invoice_id());
  if (!known) return false;
  if (IsConditional(call.request())) {
    // "*" asks whether there is anything, which is for the service to say.
    if (MatchesAnything(call.request())) return false;
    const std::string tag = TagOf(call, request, *known);
    if (NamesTag(call.request(), tag)) {
      call.Answer(NotModified(tag));
      return true;
    }
  }
  const auto page = pages_.Find(AskedBy(call, request), *known);
  if (page == nullptr) return false;
  call.Answer(*page);
  return true;
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
      [](ApiCall call, const absl::Status& status, const AddCommentResponse& added) {
        if (!status.ok()) return call.Fail(status);
        HttpResponse response = JsonResponse(added.replayed() ? 200 : 201, ToJson(added), "");
        if (!added.replayed()) response.headers += "Location: " + PathOf(added.comment()) + "\r\n";
        call.Answer(std::move(response));
      });
}

}  // namespace marginalia
