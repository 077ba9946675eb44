// An invoice as pages show it. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_SUMMARY_VIEW_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_SUMMARY_VIEW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/pages/frame/template.h"
#include "marginalia/comments/v1/comment.pb.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"

namespace marginalia {

// An invoice whose thread has `count` comments; nothing: nobody knows. What summary.mustache shows.
PageData SummaryData(const invoices::v1::GetInvoiceResponse& answer,
                     std::optional<std::int64_t> count, absl::Time now);

// A row of the list of invoices. `read_state` is of its thread; null: nobody knows what is unread.
PageData SummaryRow(const invoices::v1::InvoiceSummary& summary,
                    const comments::v1::ReadState* read_state, absl::Time now);

// How many comments there are, wherever a page says so.
void AddCount(PageData& data, std::int64_t count);

// How many comments the summary counts; nothing while nobody knows.
std::optional<std::int64_t> CountOf(const invoices::v1::InvoiceSummary& summary);

// Since when counts may have changed unseen: "3 minutes ago".
std::string CountAge(const invoices::v1::Freshness& freshness, absl::Time now);
// Whether that is long enough to be told.
bool CountsAreOld(const invoices::v1::Freshness& freshness);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_SUMMARY_VIEW_H_
