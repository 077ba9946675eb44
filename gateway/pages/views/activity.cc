#include "gateway/pages/views/activity.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/target.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/excerpt.h"
#include "gateway/pages/views/page_time.h"
#include "gateway/upstream/recent_comments.h"
#include "services/text/timestamp.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::ListRecentCommentsRequest;
using comments::v1::ListRecentCommentsResponse;
using invoices::v1::BatchGetInvoiceSummariesResponse;
using invoices::v1::InvoiceSummary;

// Null: nobody told.
const InvoiceSummary* InvoiceOf(const Comment& comment, const Activity& activity) {
  for (const InvoiceSummary& summary : activity.invoices.summaries()) {
    if (summary.invoice_id() == comment.invoice_id()) return &summary;
  }
  return nullptr;
}

PageData ItemOf(const Comment& comment, const InvoiceSummary* invoice, absl::Time now) {
  const absl::Time time = TimeOf(comment.create_time());
  PageData item;
  item["activity_href"] =
      WithQuery(InvoicePath(invoice == nullptr ? comment.invoice_id() : invoice->number(),
                            comment.invoice_id()),
                {{"comment", comment.comment_id()}});
  if (invoice != nullptr) {
    item["activity_number"] = invoice->number();
    item["activity_customer"] = invoice->customer_name();
  }
  item["activity_author"] =
      std::string(ShownName(comment.author().display_name(), comment.author().user_id()));
  item["activity_time"] = MachineTime(time);
  item["activity_exact"] = ExactTime(time);
  item["activity_ago"] = RelativeTime(time, now);
  item["activity_excerpt"] = comment.has_removal() ? "Removed" : Excerpt(comment.body());
  return item;
}

bool IsUnread(const Comment& comment, const Activity& activity) {
  if (comment.has_removal() || comment.author().user_id() == activity.user_id) return false;
  for (const comments::v1::ReadState& state : activity.comments->read_states()) {
    if (state.invoice_id() == comment.invoice_id()) {
      return comment.sequence() > state.read_sequence();
    }
  }
  return false;
}

// What is unread comes first, and then what was said last: it may have been imported before or
// after what was said elsewhere meanwhile.
std::vector<const Comment*> InOrder(const Activity& activity) {
  std::vector<const Comment*> comments;
  for (const Comment& comment : activity.comments->comments()) comments.push_back(&comment);
  const auto place = [&activity](const Comment* comment) {
    return std::pair(IsUnread(*comment, activity), TimeOf(comment->create_time()));
  };
  std::stable_sort(comments.begin(), comments.end(),
                   [&place](const Comment* a, const Comment* b) { return place(a) > place(b); });
  return comments;
}

}  // namespace

absl::StatusOr<std::string_view> WantedActivity(std::string_view query) {
  const auto value = QueryText(query, "activity");
  if (!value.ok()) return value.status();
  for (const std::string_view known : {kActivityOpen, kActivityMentions}) {
    if (*value == known) return known;
  }
  return std::string_view();
}

void LoadActivity(Upstream& upstream, ApiCall call, std::string_view shows,
                  absl::AnyInvocable<void(ApiCall, Activity)> loaded) {
  if (shows.empty()) return loaded(std::move(call), Activity());
  ListRecentCommentsRequest request;
  request.set_page_size(kPageSizeDefault);
  request.set_mentioning_me(shows == kActivityMentions);
  ListRecentCommentsWithInvoices(
      upstream, std::move(call), request,
      [shows, loaded = std::move(loaded)](
          ApiCall call, const absl::Status& status, const ListRecentCommentsResponse& page,
          const BatchGetInvoiceSummariesResponse& invoices) mutable {
        Activity activity{.shows = shows,
                          .comments = {},
                          .invoices = invoices,
                          .user_id = call.caller().user_id,
                          .failure = status};
        if (status.ok()) activity.comments = page;
        loaded(std::move(call), std::move(activity));
      });
}

void AddActivity(PageData& page, const Activity& activity,
                 absl::FunctionRef<std::string(std::string_view)> address, absl::Time now) {
  const bool mentions = activity.shows == kActivityMentions;
  page["toggle"] = true;
  page["toggle_href"] = address(activity.shows.empty() ? kActivityOpen : std::string_view());
  page["closed_href"] = address("");
  page["aside_choice_name"] = mentions ? "All comments" : "Mentions of you";
  page["aside_choice_href"] = address(mentions ? kActivityOpen : kActivityMentions);
  page["empty_aside"] = mentions ? "Nobody has mentioned you yet." : "Nobody has commented yet.";
  page["aside_open"] = !activity.shows.empty();
  if (!activity.failure.ok()) {
    page["aside_notice"] =
        "The newest comments cannot be shown right now. Reload the page to try again.";
  }
  if (!activity.comments) return;
  PageList items;
  items.reserve(static_cast<std::size_t>(activity.comments->comments_size()));
  for (const Comment* comment : InOrder(activity)) {
    items.push_back(ItemOf(*comment, InvoiceOf(*comment, activity), now));
    items.back()["activity_unread"] = IsUnread(*comment, activity);
  }
  page["aside_empty"] = items.empty();
  page["activities"] = PageData(items);
}

}  // namespace marginalia
