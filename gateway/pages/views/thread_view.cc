#include "gateway/pages/views/thread_view.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/comment_view.h"
#include "gateway/pages/views/dehydrated.h"
#include "gateway/pages/views/page_time.h"
#include "services/text/timestamp.h"

namespace marginalia {
using comments::v1::Comment;
using comments::v1::ListCommentsResponse;

namespace {

// Whether the caller is meant by it.
bool Mentions(const Comment& comment, const Caller& caller) {
  const auto& mentions = comment.mentions();
  return std::find(mentions.begin(), mentions.end(), caller.user_id) != mentions.end();
}

}  // namespace

PageData ThreadData(const ListCommentsResponse& page, const ThreadPlace& place,
                    const Caller& caller, absl::Time now) {
  PageData data;
  PageList comments;
  comments.reserve(static_cast<std::size_t>(page.comments_size()));
  int news = 0;
  for (const Comment& comment : page.comments()) {
    PageData shown = CommentData(comment, place.path, caller, now);
    if (comment.comment_id() == place.linked) shown["linked"] = true;
    if (Mentions(comment, caller)) shown["mentions_me"] = true;
    const bool seen =
        place.read_state != nullptr && comment.sequence() <= place.read_state->read_sequence();
    // Drawn once, where what is new ends.
    if (seen && std::exchange(news, 0) > 0) shown["is_last_seen"] = true;
    if (!seen && comment.author().user_id() != caller.user_id) ++news;
    comments.push_back(std::move(shown));
  }
  data["comments"] = PageData(comments);
  data["is_empty"] = page.total_size() == 0;
  const auto address = [&place](std::string_view cursor) {
    return WithQuery(place.path, {{"cursor", cursor}, {"activity", place.activity}});
  };
  if (!page.comments().empty() && page.comments(0).sequence() < page.total_size()) {
    data["newer_href"] = address(page.previous_page_token());
  }
  if (!page.next_page_token().empty()) data["older_href"] = address(page.next_page_token());
  data["dehydrated"] = Dehydrated(page, place, caller);
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
  // Nothing is closed over a comment that one has not read.
  if (!resolved) data["state_etag"] = thread.etag();
  data["state_action"] = absl::StrCat(std::string(path), resolved ? "/reopen" : "/resolve");
  return data;
}

}  // namespace marginalia
