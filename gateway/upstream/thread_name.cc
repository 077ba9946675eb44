#include "gateway/upstream/thread_name.h"

#include <utility>

namespace marginalia {
namespace {

using comments::v1::ListCommentsRequest;
using comments::v1::ListCommentsResponse;
using invoices::v1::GetInvoiceRequest;
using invoices::v1::GetInvoiceResponse;
using Told = absl::AnyInvocable<void(absl::StatusOr<std::string>)>;

void AskInvoices(Upstream& upstream, Errand errand, std::string asked_id, Told told) {
  GetInvoiceRequest request;
  request.set_invoice_id(asked_id);
  upstream.GetInvoice(
      std::move(errand), request,
      [asked_id = std::move(asked_id), told = std::move(told)](
          Errand, const absl::Status& status, const GetInvoiceResponse& answer) mutable {
        if (status.ok()) return told(answer.invoice().invoice_id());
        if (status.code() != absl::StatusCode::kNotFound) return told(status);
        // comments-service knows the thread all the same: it stands beside another invoicing
        // system, whose ids are what they are.
        told(std::move(asked_id));
      });
}

}  // namespace

void FindThreadName(Upstream& upstream, Errand errand, std::string asked_id, Told told) {
  ListCommentsRequest request;
  request.set_invoice_id(asked_id);
  request.set_page_size(1);
  upstream.ListComments(
      std::move(errand), request,
      [&upstream, asked_id = std::move(asked_id), told = std::move(told)](
          Errand errand, const absl::Status& status, const ListCommentsResponse& page) mutable {
        if (!status.ok()) return told(status);
        if (!page.comments().empty()) return told(page.comments(0).invoice_id());
        AskInvoices(upstream, std::move(errand), std::move(asked_id), std::move(told));
      });
}

}  // namespace marginalia
