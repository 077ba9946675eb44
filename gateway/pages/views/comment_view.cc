#include "gateway/pages/views/comment_view.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/pages/frame/avatar.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/comment_links.h"
#include "gateway/pages/views/page_time.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using comments::v1::Author;
using comments::v1::Comment;

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

std::string NameOf(const Author& author) {
  return std::string(ShownName(author.display_name(), author.user_id()));
}

void AddTime(PageData& data, absl::Time time, absl::Time now) {
  data["time"] = MachineTime(time);
  data["exact"] = ExactTime(time);
  data["ago"] = RelativeTime(time, now);
}

void AddRemoval(PageData& data, const Comment& comment, absl::Time now) {
  const auto& removal = comment.removal();
  const absl::Time time = TimeOf(removal.time());
  data["removed"] = true;
  data["removal_words"] = comment.erased() ? "Erased" : "Removed";
  data["remover"] = NameOf(removal.actor());
  data["removal_time"] = MachineTime(time);
  data["removal_exact"] = ExactTime(time);
  data["removal_ago"] = RelativeTime(time, now);
  if (!removal.reason().empty()) data["reason"] = removal.reason();
}

// A service that tells of no etag takes no changes.
bool CanChange(const Comment& comment, const Caller& caller) {
  return CanComment(caller) && !comment.has_removal() && !comment.etag().empty();
}

}  // namespace

bool CanComment(const Caller& caller) {
  return caller.role == Role::kMember || caller.role == Role::kAdmin;
}

bool CanEdit(const Comment& comment, const Caller& caller) {
  return CanChange(comment, caller) && comment.author().user_id() == caller.user_id;
}

bool CanRemove(const Comment& comment, const Caller& caller) {
  return CanEdit(comment, caller) || (CanChange(comment, caller) && caller.role == Role::kAdmin);
}

std::string CommentPath(std::string_view path, std::string_view comment_id, std::string_view what) {
  return absl::StrCat(std::string(path), "/comments/", PercentEncode(comment_id), "/",
                      std::string(what));
}

PageData CommentData(const Comment& comment, std::string_view path, const Caller& caller,
                     absl::Time now) {
  const Author& author = comment.author();
  PageData data = SaidData(comment, now);
  data["comment_id"] = comment.comment_id();
  data["sequence"] = absl::StrCat(comment.sequence());
  data["hue"] = absl::StrCat(AvatarHue(author.user_id()));
  data["letter"] = AvatarLetter(author.display_name());
  data["permalink"] = WithQuery(path, {{"comment", comment.comment_id()}});
  if (comment.has_removal()) {
    AddRemoval(data, comment, now);
  } else if (comment.revision() > 1 || comment.has_edit_time()) {
    data["edited_href"] = CommentPath(path, comment.comment_id(), "history");
  }
  if (CanRemove(comment, caller)) {
    PageData actions;
    if (CanEdit(comment, caller)) {
      actions["edit_href"] = CommentPath(path, comment.comment_id(), "edit");
    }
    actions["remove_href"] = CommentPath(path, comment.comment_id(), "remove");
    data["actions"] = std::move(actions);
  }
  return data;
}

PageData SaidData(const Comment& comment, absl::Time now) {
  PageData data;
  data["author"] = NameOf(comment.author());
  AddTime(data, TimeOf(comment.create_time()), now);
  data["parts"] = PartsOf(comment.body());
  return data;
}

PageData RevisionData(std::int64_t revision, const Author& editor, absl::Time time,
                      std::string_view body, bool erased, absl::Time now) {
  PageData data;
  data["revision"] = absl::StrCat(revision);
  data["editor"] = NameOf(editor);
  AddTime(data, time, now);
  data["erased"] = erased;
  data["parts"] = PartsOf(body);
  return data;
}

}  // namespace marginalia
