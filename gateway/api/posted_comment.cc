#include "gateway/api/posted_comment.h"

#include <utility>

#include "gateway/api/json_members.h"
#include "services/errors/errors.h"

namespace marginalia {

absl::StatusOr<comments::v1::AddCommentRequest> AddCommentFromJson(std::string_view json) {
  auto members = ReadJsonMembers(json, {"id", "body", {"mentions", JsonMember::Kind::kTexts}});
  if (!members.ok()) return members.status();
  if (!members->texts.contains("body")) return InvalidField("body", "is missing");
  comments::v1::AddCommentRequest request;
  request.set_comment_id(members->TakeText("id"));
  request.set_body(members->TakeText("body"));
  for (std::string& user_id : members->TakeTexts("mentions")) {
    request.add_mentions(std::move(user_id));
  }
  return request;
}

}  // namespace marginalia
