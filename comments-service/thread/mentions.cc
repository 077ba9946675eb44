#include "comments-service/thread/mentions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "comments-service/thread/comment.h"
#include "services/errors/errors.h"

namespace marginalia {

absl::StatusOr<std::string> MentionsOf(std::string_view field,
                                       const std::vector<std::string>& user_ids) {
  if (user_ids.size() > kMentionsMax) {
    return InvalidField(field, absl::StrCat("must be at most ", kMentionsMax));
  }
  for (auto id = user_ids.begin(); id != user_ids.end(); ++id) {
    absl::Status checked = CheckUserId(*id);
    if (checked.ok() && std::find(user_ids.begin(), id, *id) != id) {
      checked = absl::InvalidArgumentError("must not be named twice");
    }
    if (!checked.ok()) {
      return InField(absl::StrCat(std::string(field), "[", id - user_ids.begin(), "]"), checked);
    }
  }
  return absl::StrJoin(user_ids, "\n");
}

std::vector<std::string_view> MentionedUsers(std::string_view mentions) {
  std::vector<std::string_view> user_ids;
  while (!mentions.empty()) {
    const std::size_t end = std::min(mentions.find('\n'), mentions.size());
    user_ids.push_back(mentions.substr(0, end));
    mentions.remove_prefix(std::min(end + 1, mentions.size()));
  }
  return user_ids;
}

}  // namespace marginalia
