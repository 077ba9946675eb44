#include "gateway/upstream/invoice_list_query.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr std::pair<std::string_view, invoices::v1::InvoiceStatus> kStatuses[] = {
    {"draft", invoices::v1::INVOICE_STATUS_DRAFT},
    {"sent", invoices::v1::INVOICE_STATUS_SENT},
    {"paid", invoices::v1::INVOICE_STATUS_PAID},
    {"void", invoices::v1::INVOICE_STATUS_VOID}};

absl::Status ReadText(std::string_view query, std::string_view name, std::string& into) {
  absl::StatusOr<std::string> text = QueryText(query, name);
  if (text.ok()) into = *std::move(text);
  return text.status();
}

}  // namespace

absl::Status ReadInvoiceListQuery(std::string_view query, InvoiceListQuery& read,
                                  invoices::v1::ListInvoiceSummariesRequest& request) {
  absl::Status status = ReadText(query, "cursor", read.cursor);
  if (status.ok()) status = ReadText(query, "threadState", read.thread_state);
  if (status.ok()) status = ReadText(query, "order", read.order);
  if (status.ok()) status = ReadText(query, "search", read.search);
  if (status.ok()) status = ReadText(query, "status", read.status);
  if (status.ok()) status = ReadText(query, "overdue", read.overdue);
  if (status.ok()) status = ReadText(query, "unread", read.unread);
  if (!status.ok()) return status;
  request.set_page_token(read.cursor);
  if (read.thread_state == "open") {
    request.set_thread_state(comments::v1::THREAD_STATE_OPEN);
  } else if (read.thread_state == "resolved") {
    request.set_thread_state(comments::v1::THREAD_STATE_RESOLVED);
  } else if (!read.thread_state.empty()) {
    return InvalidField("threadState", "must be open or resolved");
  }
  if (read.order == "activity") {
    request.set_order(invoices::v1::INVOICE_ORDER_ACTIVITY);
  } else if (!read.order.empty() && read.order != "number") {
    return InvalidField("order", "must be number or activity");
  }
  // A form sends a blank as '+', which stands between words as well.
  std::replace(read.search.begin(), read.search.end(), '+', ' ');
  request.set_search(read.search);
  if (!read.overdue.empty() && read.overdue != "true") {
    return InvalidField("overdue", "must be true, or left out");
  }
  request.set_overdue(!read.overdue.empty());
  if (!read.unread.empty() && read.unread != "true") {
    return InvalidField("unread", "must be true, or left out");
  }
  if (read.status.empty()) return absl::OkStatus();
  const auto* const known =
      std::find_if(std::begin(kStatuses), std::end(kStatuses),
                   [&read](const auto& each) { return each.first == read.status; });
  if (known == std::end(kStatuses)) {
    return InvalidField("status", "must be draft, sent, paid or void");
  }
  request.set_status(known->second);
  return absl::OkStatus();
}

}  // namespace marginalia
