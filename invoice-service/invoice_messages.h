// Invoices as the contract spells them. Pure functions.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICE_MESSAGES_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICE_MESSAGES_H_

#include <string>

#include "invoice-service/freshness.h"
#include "invoice-service/invoice.h"
#include "invoice-service/invoices.h"
#include "invoice-service/summary_cache.h"
#include "marginalia/invoices/v1/invoice.pb.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"

namespace marginalia {

// Without the output-only fields.
InvoiceContent ContentOf(const invoices::v1::Invoice& invoice);
FreshnessRequirement RequirementOf(const invoices::v1::Consistency& consistency);

void ToWire(const Invoice& invoice, invoices::v1::Invoice* wire);
void ToWire(const InvoiceSummary& summary, invoices::v1::InvoiceSummary* wire);
void ToWire(const AsOf& as_of, invoices::v1::Freshness* wire);

// The parts of a GetInvoiceResponse that stay until the invoice or its count changes.
CachedInvoicePointer Encode(const CountedInvoice& counted);
std::string Encode(const InvoiceSummary& summary);

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICE_MESSAGES_H_
