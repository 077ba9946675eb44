#include "gateway/pages/views/thread_view.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/pages/frame/avatar.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/comment_links.h"
#include "gateway/pages/views/dehydrated.h"
#include "gateway/pages/views/page_time.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::ListCommentsResponse;

PageData PartsOf(std::string_view body) {
  PageList parts;
  for (const TextPart& found : FindLinks(body)) {
    PageData part;
    part["part"] = std::string(found.text);
    part["is_link"] = found.is_link;
    parts.push_back(std::move(part));
  }
  return PageData(parts);
}

PageData CommentData(const Comment& comment, absl::Time now) {
  const auto& author = comment.author();
  const absl::Time time = TimeOf(comment.create_time());
  PageData data;
  data["comment_id"] = comment.comment_id();
  data["sequence"] = absl::StrCat(comment.sequence());
  data["hue"] = absl::StrCat(AvatarHue(author.user_id()));
  data["letter"] = AvatarLetter(author.display_name());
  data["author"] = std::string(ShownName(author.display_name(), author.user_id()));
  data["time"] = MachineTime(time);
  data["exact"] = ExactTime(time);
  data["ago"] = RelativeTime(time, now);
  data["parts"] = PartsOf(comment.body());
  return data;
}

}  // namespace

PageData ThreadData(const ListCommentsResponse& page, const ThreadPlace& place,
                    const Caller& caller, absl::Time now) {
  PageData data;
  PageList comments;
  comments.reserve(static_cast<std::size_t>(page.comments_size()));
  for (const Comment& comment : page.comments()) comments.push_back(CommentData(comment, now));
  data["comments"] = PageData(comments);
  data["is_empty"] = page.total_size() == 0;
  const auto address = [&place](std::string_view cursor) {
    return WithQuery(place.path, {{"cursor", cursor}, {"activity", place.activity}});
  };
  if (!page.comments().empty() && page.comments(0).sequence() < page.total_size()) {
    data["newer_href"] = address(page.previous_page_token());
  }
  if (!page.next_page_token().empty()) data["older_href"] = address(page.next_page_token());
  data["dehydrated"] = Dehydrated(page, place, caller, now);
  return data;
}

bool CanComment(const Caller& caller) {
  return caller.role == Role::kMember || caller.role == Role::kAdmin;
}

}  // namespace marginalia
