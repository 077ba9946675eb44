// The user_ids that somebody wants a comment to mention, checked and as comments keep them. Pure.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_MENTIONS_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_MENTIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace marginalia {

// At most kMentionsMax different user_ids, as Comment::mentions has them: in the order in which
// they were named. Errors: INVALID_ARGUMENT about `field`, or about one of its elements.
absl::StatusOr<std::string> MentionsOf(std::string_view field,
                                       const std::vector<std::string>& user_ids);

// The ids again.
std::vector<std::string_view> MentionedUsers(std::string_view mentions);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_MENTIONS_H_
