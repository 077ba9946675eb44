#include "gateway/upstream/invoice_list_query.h"

#include "absl/status/statusor.h"
#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

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
  return absl::OkStatus();
}

}  // namespace marginalia
