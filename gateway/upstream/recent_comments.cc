#include "gateway/upstream/recent_comments.h"

#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace marginalia {
namespace {

using comments::v1::ListRecentCommentsRequest;
using comments::v1::ListRecentCommentsResponse;
using invoices::v1::BatchGetInvoiceSummariesRequest;
using invoices::v1::BatchGetInvoiceSummariesResponse;

BatchGetInvoiceSummariesRequest InvoicesOf(const ListRecentCommentsResponse& page) {
  BatchGetInvoiceSummariesRequest request;
  absl::flat_hash_set<std::string_view> known;
  for (const comments::v1::Comment& comment : page.comments()) {
    if (known.insert(comment.invoice_id()).second) request.add_invoice_ids(comment.invoice_id());
  }
  return request;
}

}  // namespace

void ListRecentCommentsWithInvoices(Upstream& upstream, ApiCall call,
                                    const ListRecentCommentsRequest& request,
                                    RecentComments answered) {
  upstream.ListRecentComments(
      std::move(call), request,
      [&upstream, answered = std::move(answered)](ApiCall call, const absl::Status& status,
                                                  const ListRecentCommentsResponse& page) mutable {
        if (!status.ok() || page.comments().empty()) {
          return answered(std::move(call), status, page, {});
        }
        upstream.BatchGetInvoiceSummaries(
            std::move(call), InvoicesOf(page),
            [page, answered = std::move(answered)](
                ApiCall call, const absl::Status& status,
                const BatchGetInvoiceSummariesResponse& invoices) mutable {
              answered(std::move(call), absl::OkStatus(), page,
                       status.ok() ? invoices : BatchGetInvoiceSummariesResponse());
            });
      });
}

}  // namespace marginalia
