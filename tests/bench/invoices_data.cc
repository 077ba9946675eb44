#include "tests/bench/invoices_data.h"

#include "absl/strings/str_cat.h"
#include "tests/bench/need.h"

namespace marginalia::bench {

invoices::v1::CreateInvoiceRequest NewInvoice(std::int64_t n) {
  invoices::v1::CreateInvoiceRequest request;
  invoices::v1::Invoice& invoice = *request.mutable_invoice();
  invoice.set_number(absl::StrCat("INV-", 1000 + n));
  invoice.mutable_customer()->set_name("Acme Corp");
  invoice.mutable_customer()->set_email("billing@acme.example");
  invoice.set_terms("Net 30");
  invoice.set_due_date("2026-06-30");
  invoice.set_currency("USD");
  for (const char* description : {"Design review", "Implementation", "Project management"}) {
    invoices::v1::LineItem& line = *invoice.add_line_items();
    line.set_description(description);
    line.set_quantity("40h");
    line.set_amount(400'000);
  }
  return request;
}

std::vector<std::string> CreateInvoices(RpcClient& client, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    invoices::v1::CreateInvoiceResponse answer;
    Need(client.CallAndWait(kCreateInvoice, NewInvoice(i), &answer));
    ids.push_back(answer.invoice().invoice_id());
  }
  return ids;
}

grpc::ByteBuffer InvoiceRequest(const std::string& invoice_id, const std::string& token) {
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(invoice_id);
  if (!token.empty()) request.mutable_consistency()->set_at_least_as_fresh(token);
  return BytesOf(request);
}

}  // namespace marginalia::bench
