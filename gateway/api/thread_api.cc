#include "gateway/api/thread_api.h"

#include <string>
#include <utility>
#include <vector>

#include "gateway/api/json_members.h"
#include "gateway/api/json_request.h"
#include "gateway/api/page_query.h"
#include "gateway/http/etag.h"
#include "gateway/http/json_response.h"
#include "gateway/http/problem.h"
#include "gateway/upstream/comment_json.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using comments::v1::EditCommentRequest;
using comments::v1::EditCommentResponse;
using comments::v1::ListCommentRevisionsRequest;
using comments::v1::ListCommentRevisionsResponse;
using comments::v1::RemoveCommentRequest;
using comments::v1::RemoveCommentResponse;
using comments::v1::ReopenThreadRequest;
using comments::v1::ReopenThreadResponse;
using comments::v1::ResolveThreadRequest;
using comments::v1::ResolveThreadResponse;

// In a path there is more than one id.
std::string_view NameInPath(std::string_view field) { return field == "id" ? "commentId" : field; }

// The tag of the comment that is to be changed: nobody changes what he has not seen.
absl::StatusOr<std::string> TagOfComment(ApiCall& call) {
  auto etag = IfMatch(call.request());
  if (!etag.ok() || !etag->empty()) return etag;
  call.Answer(Problem(428, "IF_MATCH_REQUIRED",
                      "send If-Match with the etag of the comment, in quotes", call.request_id()));
  return etag;
}

// Where every member may be left out, so may be the object.
std::string_view ObjectOf(const ApiCall& call) {
  const std::string& body = call.request().body;
  return body.empty() ? std::string_view("{}") : std::string_view(body);
}

template <typename Request>
absl::StatusOr<Request> SettlementOf(const ApiCall& call) {
  auto members = ReadJsonMembers(
      ObjectOf(call),
      {"changeId", "comment.id", "comment.body", {"comment.mentions", JsonMember::Kind::kTexts}});
  if (!members.ok()) return members.status();
  auto etag = IfMatch(call.request());
  if (!etag.ok()) return etag.status();
  Request request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_etag(*std::move(etag));
  request.set_change_id(members->TakeText("changeId"));
  if (!members->objects.contains("comment")) return request;
  // Who sends a comment wants it said, and the thread not settled without it.
  if (!members->texts.contains("comment.body")) return InvalidField("comment.body", "is missing");
  request.mutable_comment()->set_comment_id(members->TakeText("comment.id"));
  request.mutable_comment()->set_body(members->TakeText("comment.body"));
  for (std::string& user_id : members->TakeTexts("comment.mentions")) {
    request.mutable_comment()->add_mentions(std::move(user_id));
  }
  return request;
}

template <typename Response>
void AnswerJson(ApiCall call, const absl::Status& status, const Response& response) {
  if (!status.ok()) return call.Fail(WithFieldNames(status, NameInPath));
  call.Answer(JsonResponse(200, ToJson(response), ""));
}

}  // namespace

void ThreadApi::Edit(ApiCall call) {
  if (!SendsJson(call)) return RefuseContentType(std::move(call));
  auto members = ReadJsonMembers(call.request().body,
                                 {"body", "changeId", {"mentions", JsonMember::Kind::kTexts}});
  if (!members.ok()) return call.Fail(members.status());
  auto etag = TagOfComment(call);
  if (!etag.ok()) return call.Fail(etag.status());
  if (etag->empty()) return;
  if (!members->texts.contains("body")) return call.Fail(InvalidField("body", "is missing"));
  EditCommentRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(call.path_parameter(1));
  request.set_etag(*std::move(etag));
  request.set_body(members->TakeText("body"));
  for (std::string& user_id : members->TakeTexts("mentions")) {
    request.add_mentions(std::move(user_id));
  }
  request.set_change_id(members->TakeText("changeId"));
  upstream_.EditComment(std::move(call), request, AnswerJson<EditCommentResponse>);
}

void ThreadApi::Remove(ApiCall call) {
  if (!SendsJsonOrNothing(call)) return RefuseContentType(std::move(call));
  auto members = ReadJsonMembers(ObjectOf(call), {"reason", "changeId"});
  if (!members.ok()) return call.Fail(members.status());
  auto etag = TagOfComment(call);
  if (!etag.ok()) return call.Fail(etag.status());
  if (etag->empty()) return;
  RemoveCommentRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(call.path_parameter(1));
  request.set_etag(*std::move(etag));
  request.set_reason(members->TakeText("reason"));
  request.set_change_id(members->TakeText("changeId"));
  upstream_.RemoveComment(std::move(call), request, AnswerJson<RemoveCommentResponse>);
}

void ThreadApi::ListRevisions(ApiCall call) {
  ListCommentRevisionsRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_comment_id(call.path_parameter(1));
  if (absl::Status page = ReadPageQuery(call.query(), request); !page.ok()) {
    return call.Fail(page);
  }
  upstream_.ListCommentRevisions(std::move(call), request,
                                 AnswerJson<ListCommentRevisionsResponse>);
}

void ThreadApi::Resolve(ApiCall call) {
  if (!SendsJsonOrNothing(call)) return RefuseContentType(std::move(call));
  auto request = SettlementOf<ResolveThreadRequest>(call);
  if (!request.ok()) return call.Fail(request.status());
  upstream_.ResolveThread(std::move(call), *std::move(request), AnswerJson<ResolveThreadResponse>);
}

void ThreadApi::Reopen(ApiCall call) {
  if (!SendsJsonOrNothing(call)) return RefuseContentType(std::move(call));
  auto request = SettlementOf<ReopenThreadRequest>(call);
  if (!request.ok()) return call.Fail(request.status());
  upstream_.ReopenThread(std::move(call), *std::move(request), AnswerJson<ReopenThreadResponse>);
}

}  // namespace marginalia
