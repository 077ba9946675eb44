#include "gateway/api/posted_comment.h"

#include <utility>

#include "gateway/api/json_members.h"
#include "services/errors/errors.h"

namespace marginalia {

absl::StatusOr<comments::v1::AddCommentRequest> AddCommentFromJson(std::string_view json) {
  auto members = ReadJsonMembers(json, {"id", "body", "mentions[]"});
  if (!members.ok()) return members.status();
  const auto body = members->find("body");
  if (body == members->end()) return InvalidField("body", "is missing");
  comments::v1::AddCommentRequest request;
  request.set_comment_id(std::move((*members)["id"]));
  request.set_body(std::move(body->second));
  for (std::string& user_id : TextsOf(*members, "mentions")) {
    request.add_mentions(std::move(user_id));
  }
  return request;
}

}  // namespace marginalia
