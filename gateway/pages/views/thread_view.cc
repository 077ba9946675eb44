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

void AddRemoval(PageData& data, const Comment& comment, absl::Time now) {
  const auto& removal = comment.removal();
  const absl::Time time = TimeOf(removal.time());
  data["removed"] = true;
  data["removal_words"] = comment.erased() ? "Erased" : "Removed";
  data["remover"] =
      std::string(ShownName(removal.actor().display_name(), removal.actor().user_id()));
  data["removal_time"] = MachineTime(time);
  data["removal_exact"] = ExactTime(time);
  data["removal_ago"] = RelativeTime(time, now);
  if (!removal.reason().empty()) data["reason"] = removal.reason();
}

PageData CommentData(const Comment& comment, std::string_view path, absl::Time now) {
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
  data["permalink"] = WithQuery(path, {{"comment", comment.comment_id()}});
  if (comment.has_removal()) {
    AddRemoval(data, comment, now);
  } else if (comment.revision() > 1) {
    data["edited_href"] =
        absl::StrCat("/api", std::string(path), "/comments/", comment.comment_id(), "/revisions");
  }
  data["parts"] = PartsOf(comment.body());
  return data;
}

}  // namespace

PageData ThreadData(const ListCommentsResponse& page, const ThreadPlace& place,
                    const Caller& caller, absl::Time now) {
  PageData data;
  PageList comments;
  comments.reserve(static_cast<std::size_t>(page.comments_size()));
  for (const Comment& comment : page.comments())
    comments.push_back(CommentData(comment, place.path, now));
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

PageData ThreadStateData(const comments::v1::Thread& thread, std::string_view path,
                         const Caller& caller, absl::Time now) {
  PageData data;
  const bool resolved = thread.state() == comments::v1::THREAD_STATE_RESOLVED;
  data["is_resolved"] = resolved;
  if (resolved) {
    const absl::Time time = TimeOf(thread.state_time());
    const auto& actor = thread.state_actor();
    data["state_actor"] = std::string(ShownName(actor.display_name(), actor.user_id()));
    data["state_time"] = MachineTime(time);
    data["state_exact"] = ExactTime(time);
    data["state_ago"] = RelativeTime(time, now);
  }
  data["can_settle"] = CanComment(caller);
  data["state_button"] = resolved ? "Reopen" : "Resolve";
  data["state_action"] = absl::StrCat(std::string(path), resolved ? "/reopen" : "/resolve");
  return data;
}

bool CanComment(const Caller& caller) {
  return caller.role == Role::kMember || caller.role == Role::kAdmin;
}

}  // namespace marginalia
