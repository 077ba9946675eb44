// The sidebar with the newest comments of all the tenant's invoices. Pages show it open when they
// are asked for with activity=open.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_ACTIVITY_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_ACTIVITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/api_call.h"
#include "gateway/pages/frame/template.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

// The value of `activity` that shows the sidebar.
inline constexpr std::string_view kActivityOpen = "open";

struct Activity {
  bool open = false;
  // Of an open one: what it shows, or why it cannot.
  std::optional<comments::v1::ListRecentCommentsResponse> comments;
  absl::Status failure;
};

// Whether the query asks for it. Errors: INVALID_ARGUMENT about `activity`.
absl::StatusOr<bool> WantsActivity(std::string_view query);

// Asks upstream for what an open one shows, and nothing for a closed one.
void LoadActivity(Upstream& upstream, ApiCall call, bool open,
                  absl::AnyInvocable<void(ApiCall, Activity)> loaded);

// Puts it into the page's data. The addresses are the page's own with and without it.
void AddActivity(PageData& page, const Activity& activity, std::string open_address,
                 std::string closed_address, absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_ACTIVITY_H_
