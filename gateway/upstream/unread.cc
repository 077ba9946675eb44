#include "gateway/upstream/unread.h"

#include <utility>

namespace marginalia {

using comments::v1::BatchGetReadStatesRequest;
using comments::v1::BatchGetReadStatesResponse;
using comments::v1::ReadState;
using invoices::v1::InvoiceSummary;
using invoices::v1::ListInvoiceSummariesResponse;

void WithReadStates(Upstream& upstream, ApiCall call, const ListInvoiceSummariesResponse& page,
                    PageWithReadStates answered) {
  // Machines mark nothing, and are not told.
  if (page.summaries().empty() || call.caller().role == Role::kService) {
    return answered(std::move(call), page, {});
  }
  BatchGetReadStatesRequest request;
  for (const InvoiceSummary& summary : page.summaries()) {
    request.add_invoice_ids(summary.invoice_id());
  }
  upstream.BatchGetReadStates(
      std::move(call), request,
      [page, answered = std::move(answered)](ApiCall call, const absl::Status& status,
                                             const BatchGetReadStatesResponse& answer) mutable {
        ReadStatesOfInvoices states;
        if (status.ok()) {
          for (const ReadState& state : answer.read_states()) states[state.invoice_id()] = state;
        }
        answered(std::move(call), page, states);
      });
}

}  // namespace marginalia
