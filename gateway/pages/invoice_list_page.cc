#include "gateway/pages/invoice_list_page.h"

#include <string>
#include <utility>

#include "gateway/http/target.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/views/summary_view.h"

namespace marginalia {
namespace {

using invoices::v1::ListInvoiceSummariesRequest;
using invoices::v1::ListInvoiceSummariesResponse;

constexpr int kInvoicesPerPage = 50;
constexpr std::string_view kPath = "/invoices";

}  // namespace

void InvoiceListPage::ShowFromRoot(ApiCall call) { call.Answer(SeeOther(kPath)); }

void InvoiceListPage::Show(ApiCall call) {
  auto cursor = QueryText(call.query(), "cursor");
  if (!cursor.ok()) return call.Fail(cursor.status());
  const auto wants_activity = WantsActivity(call.query());
  if (!wants_activity.ok()) return call.Fail(wants_activity.status());
  ListInvoiceSummariesRequest request;
  request.set_page_size(kInvoicesPerPage);
  request.set_page_token(*cursor);
  upstream_.ListInvoiceSummaries(
      std::move(call), request,
      [this, open = *wants_activity, cursor = *std::move(cursor)](
          ApiCall call, const absl::Status& status,
          const ListInvoiceSummariesResponse& found) mutable {
        if (!status.ok()) return call.Fail(status);
        LoadActivity(upstream_, std::move(call), open,
                     [this, found, cursor = std::move(cursor)](ApiCall call, Activity activity) {
                       Render(std::move(call), cursor, found, activity);
                     });
      });
}

void InvoiceListPage::Render(ApiCall call, std::string_view cursor,
                             const ListInvoiceSummariesResponse& found, const Activity& activity) {
  const absl::Time now = absl::Now();
  PageData page = FrameData(call.facts(), "Invoices");
  page["is_list"] = true;
  page["has_invoices"] = !found.summaries().empty();
  PageList rows;
  rows.reserve(static_cast<std::size_t>(found.summaries_size()));
  for (const auto& summary : found.summaries()) rows.push_back(SummaryRow(summary, now));
  page["invoices"] = PageData(rows);
  if (CountsAreOld(found.freshness())) page["count_age"] = CountAge(found.freshness(), now);
  const std::string_view kept = activity.open ? kActivityOpen : std::string_view();
  if (!cursor.empty()) page["first_href"] = WithQuery(kPath, {{"activity", kept}});
  if (!found.next_page_token().empty()) {
    page["more_href"] = WithQuery(kPath, {{"cursor", found.next_page_token()}, {"activity", kept}});
  }
  AddActivity(page, activity, WithQuery(kPath, {{"cursor", cursor}, {"activity", kActivityOpen}}),
              WithQuery(kPath, {{"cursor", cursor}}), now);
  call.Answer(PageResponse(200, page_.Render(page)));
}

}  // namespace marginalia
