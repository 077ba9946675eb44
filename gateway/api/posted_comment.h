// The JSON that a caller posts to add a comment. Pure function, thread-safe.
#ifndef MARGINALIA_GATEWAY_API_POSTED_COMMENT_H_
#define MARGINALIA_GATEWAY_API_POSTED_COMMENT_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {

// Reads {"id": …, "body": …, "mentions": […]}; `id` and `mentions` may be left out, and a byte
// order mark stand in front. Errors: INVALID_ARGUMENT, naming the member, when a member is unknown,
// doubled, missing, no string or no UTF-8, and reason JSON_INVALID when it is no JSON object.
absl::StatusOr<comments::v1::AddCommentRequest> AddCommentFromJson(std::string_view json);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_POSTED_COMMENT_H_
