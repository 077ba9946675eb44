#include "gateway/pages/views/thread_view.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/comment_view.h"
#include "gateway/pages/views/dehydrated.h"
#include "gateway/pages/views/page_time.h"
#include "gateway/pages/views/status_changes.h"
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

// The comments with what became of the invoice in between, in the order in which they are shown.
PageList ItemsOf(const ListCommentsResponse& page, const ThreadPlace& place, const Caller& caller,
                 absl::Time now) {
  const bool oldest_first = place.order == ThreadOrder::kOldestFirst;
  PageList items;
  absl::Time until = place.next_time;
  const auto add_lines_since = [&](absl::Time from) {
    if (place.invoice == nullptr) return;
    for (PageData& line : StatusLines(*place.invoice, from, std::exchange(until, from), now)) {
      line["is_line"] = true;
      items.push_back(std::move(line));
    }
  };
  // Where the oldest of the others' stands that are new, counted from 1; 0: there is none.
  std::size_t news = 0;
  for (const Comment& comment : page.comments()) {
    add_lines_since(TimeOf(comment.create_time()));
    PageData shown = CommentData(comment, place.path, caller, now);
    if (comment.comment_id() == place.linked) shown["linked"] = true;
    if (Mentions(comment, caller)) shown["mentions_me"] = true;
    const bool seen =
        place.read_state != nullptr && comment.sequence() <= place.read_state->read_sequence();
    if (!seen && comment.author().user_id() != caller.user_id) news = items.size() + 1;
    items.push_back(std::move(shown));
    // Drawn once, where what is new ends, or begins, above what follows.
    if (seen && news > 0) {
      items[(oldest_first ? news : items.size()) - 1]["is_last_seen"] = true;
      news = 0;
    }
  }
  if (page.next_page_token().empty()) add_lines_since(absl::InfinitePast());
  if (oldest_first) std::reverse(items.begin(), items.end());
  return items;
}

}  // namespace

PageData ThreadData(const ListCommentsResponse& page, const ThreadPlace& place,
                    const Caller& caller, absl::Time now) {
  const bool oldest_first = place.order == ThreadOrder::kOldestFirst;
  PageData data;
  data["comments"] = PageData(ItemsOf(page, place, caller, now));
  data["is_empty"] = page.total_size() == 0;
  const auto address = [&](std::string_view cursor) {
    return WithQuery(place.path, {{"cursor", cursor},
                                  {"order", oldest_first ? OrderName(place.order) : ""},
                                  {"activity", place.activity}});
  };
  // Where the list begins, and where it ends, there may be more of it.
  const char* const newer = oldest_first ? "newer_below" : "newer_above";
  const char* const older = oldest_first ? "older_above" : "older_below";
  if (!page.comments().empty() && page.comments(0).sequence() < page.total_size()) {
    data[newer] = address(page.previous_page_token());
  }
  if (!page.next_page_token().empty()) data[older] = address(page.next_page_token());
  data["dehydrated"] = Dehydrated(page, place, caller);
  return data;
}

PageData OrderData(ThreadOrder order, std::string_view path, std::string_view activity) {
  const bool oldest_first = order == ThreadOrder::kOldestFirst;
  const ThreadOrder other = oldest_first ? ThreadOrder::kNewestFirst : ThreadOrder::kOldestFirst;
  PageData data;
  data["order_href"] = WithQuery(path, {{"order", OrderName(other)}, {"activity", activity}});
  data["order_name"] = oldest_first ? "Newest first" : "Oldest first";
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
