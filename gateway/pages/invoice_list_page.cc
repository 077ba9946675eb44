#include "gateway/pages/invoice_list_page.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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

std::string Address(const InvoiceListQuery& query, std::string_view activity) {
  return WithQuery(kPath, {{"cursor", query.cursor},
                           {"threadState", query.thread_state},
                           {"order", query.order},
                           {"activity", activity}});
}

struct Choice {
  std::string value;
  std::string name;
};

// Links that change one parameter and keep the others, but for the place in a list that is another
// one then.
PageData Choices(std::string_view parameter, const std::vector<Choice>& choices,
                 const InvoiceListQuery& asked, std::string_view activity) {
  PageList links;
  for (const Choice& choice : choices) {
    InvoiceListQuery query{"", asked.thread_state, asked.order};
    std::string& changed = parameter == "order" ? query.order : query.thread_state;
    const bool current = changed == choice.value || (changed == "number" && choice.value.empty());
    changed = choice.value;
    PageData link;
    link["choice_name"] = choice.name;
    link["choice_href"] = Address(query, activity);
    link["choice_current"] = current;
    links.push_back(std::move(link));
  }
  return PageData(links);
}

}  // namespace

void InvoiceListPage::ShowFromRoot(ApiCall call) { call.Answer(SeeOther(kPath)); }

void InvoiceListPage::Show(ApiCall call) {
  ListInvoiceSummariesRequest request;
  InvoiceListQuery asked;
  const absl::Status read = ReadInvoiceListQuery(call.query(), asked, request);
  if (!read.ok()) return call.Fail(read);
  const auto wants_activity = WantsActivity(call.query());
  if (!wants_activity.ok()) return call.Fail(wants_activity.status());
  request.set_page_size(kInvoicesPerPage);
  upstream_.ListInvoiceSummaries(
      std::move(call), request,
      [this, open = *wants_activity, asked = std::move(asked)](
          ApiCall call, const absl::Status& status,
          const ListInvoiceSummariesResponse& found) mutable {
        if (!status.ok()) return call.Fail(status);
        LoadActivity(upstream_, std::move(call), open,
                     [this, found, asked = std::move(asked)](ApiCall call, Activity activity) {
                       Render(std::move(call), asked, found, activity);
                     });
      });
}

void InvoiceListPage::Render(ApiCall call, const InvoiceListQuery& asked,
                             const ListInvoiceSummariesResponse& found, const Activity& activity) {
  const absl::Time now = absl::Now();
  PageData page = FrameData(call.facts(), "Invoices");
  page["is_list"] = true;
  page["has_invoices"] = !found.summaries().empty();
  PageList rows;
  rows.reserve(static_cast<std::size_t>(found.summaries_size()));
  for (const auto& summary : found.summaries()) rows.push_back(SummaryRow(summary, now));
  page["invoices"] = PageData(rows);
  page["empty_words"] =
      asked.thread_state.empty()
          ? "There are no invoices here."
          : absl::StrCat("No invoice here has a thread that is ", asked.thread_state, ".");
  page["order_words"] = asked.order == "activity" ? "by newest activity" : "by number";
  if (CountsAreOld(found.freshness())) page["count_age"] = CountAge(found.freshness(), now);
  const auto href = [&](std::string_view cursor, std::string_view activity_open) {
    return Address({std::string(cursor), asked.thread_state, asked.order}, activity_open);
  };
  const std::string_view kept = activity.open ? kActivityOpen : std::string_view();
  page["states"] = Choices(
      "threadState", {{"", "All"}, {"open", "Open threads"}, {"resolved", "Resolved threads"}},
      asked, kept);
  page["orders"] =
      Choices("order", {{"", "By number"}, {"activity", "Newest activity"}}, asked, kept);
  if (!asked.cursor.empty()) page["first_href"] = href("", kept);
  if (!found.next_page_token().empty()) page["more_href"] = href(found.next_page_token(), kept);
  AddActivity(page, activity, href(asked.cursor, kActivityOpen), href(asked.cursor, ""), now);
  call.Answer(PageResponse(200, page_.Render(page)));
}

}  // namespace marginalia
