// The JSON that a caller posts, all the way through: as a message of the contract, as the JSON that
// is answered, and as the event that browsers are sent.
#include "gateway/api/posted_comment.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "gateway/http/problem.h"
#include "gateway/live/event_text.h"
#include "gateway/upstream/comment_json.h"
#include "services/errors/errors.h"
#include "services/text/utf8.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using comments::v1::AddCommentRequest;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

json::array MentionsOf(const AddCommentRequest& request) {
  json::array mentions;
  for (const std::string& user_id : request.mentions()) mentions.emplace_back(user_id);
  return mentions;
}

void RequireRefused(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  RequireRefusal(status, reason == "JSON_INVALID" ? "JSON_INVALID" : "INVALID_FIELD");
  const HttpResponse problem = Problem(status, "request-1");
  Require(problem.status == 400, "bad JSON is answered with 400");
  json::error_code error;
  Require(json::parse(problem.body, error).is_object() && !error, "a problem is a JSON object");
}

// The same text by a parser that builds a tree. A byte order mark before it may be ignored.
void RequireWhatATreeHolds(std::string_view text, const AddCommentRequest& request) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  json::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  Require(!error && value.is_object(), "only a JSON object is taken");
  const json::object& members = value.get_object();
  Require(members.size() == 1 + members.count("id") + members.count("mentions"),
          "only known members are taken");
  Require(members.at("body") == json::string(request.body()), "the body is what was posted");
  const json::value* id = members.if_contains("id");
  Require(id == nullptr ? request.comment_id().empty() : *id == json::string(request.comment_id()),
          "the id is what was posted");
  const json::value* mentions = members.if_contains("mentions");
  Require(mentions == nullptr ? request.mentions().empty() : *mentions == MentionsOf(request),
          "those mentioned are who was posted");
}

void RequireSameWhenMadeAgain(const AddCommentRequest& request) {
  const json::object members = {
      {"id", request.comment_id()}, {"body", request.body()}, {"mentions", MentionsOf(request)}};
  const auto again = AddCommentFromJson(json::serialize(members));
  Require(again.ok() && again->body() == request.body() &&
              again->comment_id() == request.comment_id() &&
              MentionsOf(*again) == MentionsOf(request),
          "what is taken reads the same when it is written out again");
}

void RequireOneEvent(const comments::v1::Comment& comment) {
  comments::v1::Event event;
  event.set_position(1);
  event.set_org_id("northlight");
  *event.mutable_comment_added()->mutable_comment() = comment;
  const std::string text = *ThreadEventText(event, LogPoint{"00ff10c0ffee9abc", 1});
  const auto [id, kind, data, end] = Lines<4>(text);
  Require(id.substr(0, 4) == "id: " && kind == "event: comment_added" &&
              data.substr(0, 6) == "data: " && end == "\n" && text.find('\r') == text.npos,
          "a comment is one event of three lines, whatever it says");
}

void ReadPostedComment(std::string_view input) {
  const auto request = AddCommentFromJson(input);
  if (!request.ok()) return RequireRefused(request.status());
  Require(IsValidUtf8(request->body()) && IsValidUtf8(request->comment_id()),
          "what is taken is UTF-8");
  RequireWhatATreeHolds(input, *request);
  RequireSameWhenMadeAgain(*request);
  AddCommentRequest sent;
  Require(sent.ParseFromString(request->SerializeAsString()) && sent.body() == request->body(),
          "what is taken can be sent on");

  comments::v1::AddCommentResponse added;
  added.mutable_comment()->set_comment_id(request->comment_id());
  added.mutable_comment()->set_body(request->body());
  json::error_code error;
  const json::value answer = json::parse(ToJson(added), error);
  Require(!error && answer.at("comment").at("body") == json::string(request->body()),
          "a comment is answered as it was posted");
  RequireOneEvent(added.comment());
}

const FuzzTarget kTarget("posted_comment", ReadPostedComment);

}  // namespace
}  // namespace marginalia
