// Invoices and their summaries as JSON. Names are lowerCamelCase, times RFC 3339 in UTC, money
// whole minor units. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_INVOICE_JSON_H_
#define MARGINALIA_GATEWAY_UPSTREAM_INVOICE_JSON_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"

namespace marginalia {

// By invoice_id.
using ReadStatesOfInvoices = absl::flat_hash_map<std::string, comments::v1::ReadState>;

// An answer whose last part, the freshness, differs from time to time although nothing has changed:
// everything before `freshness_offset` is what an entity tag stands for.
struct JsonWithFreshness {
  std::string json;
  std::size_t freshness_offset = 0;
};

// {invoice, summary, freshness}
JsonWithFreshness ToJson(const invoices::v1::GetInvoiceResponse& answer);
// {summaries, nextCursor, freshness}; with unreadCount and mentioned in the summaries of those
// invoices whose read states are known.
JsonWithFreshness ToJson(const invoices::v1::ListInvoiceSummariesResponse& page,
                         const ReadStatesOfInvoices& read_states);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_INVOICE_JSON_H_
