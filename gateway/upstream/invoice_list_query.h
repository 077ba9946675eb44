// Which invoices a URL asks for: one rule for the API and the page. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_INVOICE_LIST_QUERY_H_
#define MARGINALIA_GATEWAY_UPSTREAM_INVOICE_LIST_QUERY_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"

namespace marginalia {

// What the URL said, so that links go on saying it; empty: nothing.
struct InvoiceListQuery {
  std::string cursor;
  std::string thread_state;
  std::string order;
  std::string search;
  std::string status;
  std::string overdue;
  std::string unread;
};

// Reads `cursor`, `threadState` (open or resolved), `order` (number or activity), `search`,
// `status` (draft, sent, paid or void) and `overdue` (true) into the request, and `unread` (true).
// Errors: INVALID_ARGUMENT about the parameter.
absl::Status ReadInvoiceListQuery(std::string_view query, InvoiceListQuery& read,
                                  invoices::v1::ListInvoiceSummariesRequest& request);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_INVOICE_LIST_QUERY_H_
