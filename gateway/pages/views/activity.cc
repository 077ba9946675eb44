#include "gateway/pages/views/activity.h"

#include <utility>

#include "gateway/http/target.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/excerpt.h"
#include "gateway/pages/views/page_time.h"
#include "services/text/timestamp.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::ListRecentCommentsRequest;
using comments::v1::ListRecentCommentsResponse;

PageData ItemOf(const Comment& comment, absl::Time now) {
  const absl::Time time = TimeOf(comment.create_time());
  PageData item;
  item["activity_href"] = InvoicePath(comment.invoice_id()) + "#comment-" + comment.comment_id();
  item["activity_author"] =
      std::string(ShownName(comment.author().display_name(), comment.author().user_id()));
  item["activity_time"] = MachineTime(time);
  item["activity_exact"] = ExactTime(time);
  item["activity_ago"] = RelativeTime(time, now);
  item["activity_excerpt"] = Excerpt(comment.body());
  return item;
}

}  // namespace

absl::StatusOr<bool> WantsActivity(std::string_view query) {
  const auto value = QueryText(query, "activity");
  if (!value.ok()) return value.status();
  return *value == kActivityOpen;
}

void LoadActivity(Upstream& upstream, ApiCall call, bool open,
                  absl::AnyInvocable<void(ApiCall, Activity)> loaded) {
  if (!open) return loaded(std::move(call), Activity());
  ListRecentCommentsRequest request;
  request.set_page_size(kPageSizeDefault);
  upstream.ListRecentComments(
      std::move(call), request,
      [loaded = std::move(loaded)](ApiCall call, const absl::Status& status,
                                   const ListRecentCommentsResponse& page) mutable {
        Activity activity{.open = true, .comments = {}, .failure = status};
        if (status.ok()) activity.comments = page;
        loaded(std::move(call), std::move(activity));
      });
}

void AddActivity(PageData& page, const Activity& activity, std::string open_address,
                 std::string closed_address, absl::Time now) {
  page["toggle"] = true;
  page["toggle_href"] = activity.open ? closed_address : open_address;
  page["closed_href"] = closed_address;
  page["aside_open"] = activity.open;
  if (!activity.failure.ok()) {
    page["aside_notice"] =
        "The newest comments cannot be shown right now. Reload the page to try again.";
  }
  if (!activity.comments) return;
  PageList items;
  items.reserve(static_cast<std::size_t>(activity.comments->comments_size()));
  for (const Comment& comment : activity.comments->comments()) {
    items.push_back(ItemOf(comment, now));
  }
  page["aside_empty"] = items.empty();
  page["activities"] = PageData(items);
}

}  // namespace marginalia
