// The sidebar with the newest comments of all the tenant's invoices. Pages show it open when they
// are asked for with activity=open, and only what mentions the caller with activity=mentions.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_ACTIVITY_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_ACTIVITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/pages/frame/template.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

// The values of `activity` that show the sidebar.
inline constexpr std::string_view kActivityOpen = "open";
inline constexpr std::string_view kActivityMentions = "mentions";

struct Activity {
  // The value; empty: it is closed.
  std::string_view shows;
  // Of an open one: what it shows, or why it cannot.
  std::optional<comments::v1::ListRecentCommentsResponse> comments;
  // What is known of the invoices that they are on.
  invoices::v1::BatchGetInvoiceSummariesResponse invoices;
  // Whose it is.
  std::string user_id;
  absl::Status failure;
};

// The value with which the query asks for it; empty: it does not. Errors: INVALID_ARGUMENT about
// `activity`.
absl::StatusOr<std::string_view> WantedActivity(std::string_view query);

// Asks upstream for what an open one shows, and nothing for a closed one.
void LoadActivity(Upstream& upstream, ApiCall call, std::string_view shows,
                  absl::AnyInvocable<void(ApiCall, Activity)> loaded);

// Puts it into the page's data. The address is the page's own with a value of `activity`.
void AddActivity(PageData& page, const Activity& activity,
                 absl::FunctionRef<std::string(std::string_view)> address, absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_ACTIVITY_H_
