#include "gateway/pages/invoice_page.h"

#include <utility>

#include "gateway/http/target.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/frame/thread_order.h"
#include "gateway/pages/invoice_page_parts.h"
#include "gateway/pages/views/activity.h"
#include "gateway/pages/views/summary_view.h"
#include "services/errors/errors.h"
#include "services/text/timestamp.h"
#include "services/text/uuid.h"
#include "services/tokens/page_token.h"

namespace marginalia {

using comments::v1::BatchGetReadStatesRequest;
using comments::v1::BatchGetReadStatesResponse;
using comments::v1::ListCommentsRequest;
using comments::v1::ListCommentsResponse;
using invoices::v1::GetInvoiceRequest;
using invoices::v1::GetInvoiceResponse;

namespace {

// Whether a failure is about the request as a whole, not about a service that is away.
bool ConcernsWholePage(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return true;
    default:
      return false;
  }
}

// A token that cannot be had, or is of another log, is no reason to show nothing: the page says how
// old its count is.
bool ConcernsConsistency(const absl::Status& failure) {
  const std::string reason = ReasonOf(failure);
  return reason == "PROJECTION_LAGGING" || reason == "CONSISTENCY_TOKEN_INVALID";
}

// The link to a comment leads nowhere: there is none of that id in the thread, or it is no id.
bool ConcernsLink(const absl::Status& failure) {
  return ReasonOf(failure) == "COMMENT_NOT_FOUND" || IsAbout(failure, "around");
}

// An invoice has one address. A number that looks like another invoice's id is not led to: there
// that invoice would be shown.
bool HasBetterAddress(const invoices::v1::Invoice& invoice, std::string_view asked_id) {
  return InvoicePath(invoice.number(), invoice.invoice_id()) != InvoicePath(asked_id) &&
         !IsUuid(invoice.number());
}

}  // namespace

void InvoicePage::Show(ApiCall call) {
  auto parts = std::make_unique<InvoicePageParts>();
  parts->asked_id = call.path_parameter(0);
  auto cursor = QueryText(call.query(), "cursor");
  if (!cursor.ok()) return call.Fail(cursor.status());
  parts->cursor = *std::move(cursor);
  auto linked = QueryText(call.query(), "comment");
  if (!linked.ok()) return call.Fail(linked.status());
  parts->linked = *std::move(linked);
  auto consistency = QueryText(call.query(), "consistency");
  if (!consistency.ok()) return call.Fail(consistency.status());
  parts->consistency = *std::move(consistency);
  const auto wanted = WantedActivity(call.query());
  if (!wanted.ok()) return call.Fail(wanted.status());
  parts->wanted_activity = *wanted;
  const auto order = OrderOf(call.request(), call.query());
  if (!order.ok()) return call.Fail(order.status());
  parts->order = *order;
  parts->may_lead_on = true;
  LoadThread(std::move(call), std::move(parts));
}

std::unique_ptr<InvoicePageParts> InvoicePage::PartsAgain(const ApiCall& call, int status) {
  auto parts = std::make_unique<InvoicePageParts>();
  parts->asked_id = call.path_parameter(0);
  parts->status = status;
  parts->order = OrderOf(call.request(), "").value_or(ThreadOrder::kNewestFirst);
  return parts;
}

void InvoicePage::ShowFromForm(ApiCall call) {
  call.Answer(SeeOther(InvoicePath(call.path_parameter(0))));
}

void InvoicePage::ShowAgain(ApiCall call, int status, CommentDraft draft) {
  auto parts = PartsAgain(call, status);
  parts->draft = std::move(draft);
  LoadThread(std::move(call), std::move(parts));
}

void InvoicePage::ShowUnsettled(ApiCall call, int status, std::string error) {
  auto parts = PartsAgain(call, status);
  parts->state_error = std::move(error);
  LoadThread(std::move(call), std::move(parts));
}

void InvoicePage::LoadThread(ApiCall call, std::unique_ptr<InvoicePageParts> parts) {
  ListCommentsRequest request;
  request.set_invoice_id(parts->asked_id);
  request.set_page_token(parts->cursor);
  request.set_around_comment_id(std::string(parts->around()));
  request.set_page_size(kPageSizeDefault);
  request.set_at_least_as_fresh(parts->consistency);
  upstream_.ListComments(
      std::move(call), request,
      [this, parts = std::move(parts)](ApiCall call, const absl::Status& status,
                                       const ListCommentsResponse& page) mutable {
        if (!parts->consistency.empty() && ConcernsConsistency(status)) {
          parts->consistency.clear();
          return LoadThread(std::move(call), std::move(parts));
        }
        if (!parts->linked.empty() && parts->cursor.empty() && ConcernsLink(status)) {
          parts->linked.clear();
          parts->linked_is_missing = true;
          return LoadThread(std::move(call), std::move(parts));
        }
        if (ConcernsWholePage(status)) return call.Fail(status);
        // The place behind the newest comment: a page is made for it when there is something new.
        if (status.ok() && page.comments().empty() && !parts->cursor.empty()) {
          return call.Answer(SeeOther(InvoicePath(parts->asked_id)));
        }
        parts->thread_failure = status;
        if (status.ok()) parts->thread = page;
        LoadInvoice(std::move(call), std::move(parts));
      });
}

void InvoicePage::LoadInvoice(ApiCall call, std::unique_ptr<InvoicePageParts> parts) {
  GetInvoiceRequest request;
  request.set_invoice_id(parts->asked_id);
  if (!parts->consistency.empty()) {
    request.mutable_consistency()->set_at_least_as_fresh(parts->consistency);
  }
  upstream_.GetInvoice(std::move(call), request,
                       [this, parts = std::move(parts)](ApiCall call, const absl::Status& status,
                                                        const GetInvoiceResponse& answer) mutable {
                         if (!parts->consistency.empty() && ConcernsConsistency(status)) {
                           parts->consistency.clear();
                           return LoadInvoice(std::move(call), std::move(parts));
                         }
                         if (ConcernsWholePage(status)) return call.Fail(status);
                         // Nothing at all is to be shown.
                         if (!status.ok() && !parts->thread)
                           return call.Fail(parts->thread_failure);
                         parts->invoice_failure = status;
                         if (status.ok()) parts->invoice = answer;
                         if (parts->may_lead_on && status.ok() &&
                             HasBetterAddress(answer.invoice(), parts->asked_id)) {
                           return LeadOn(std::move(call), parts->path());
                         }
                         LoadNextComment(std::move(call), std::move(parts));
                       });
}

void InvoicePage::LeadOn(ApiCall call, const std::string& path) {
  std::string address = path;
  if (!call.query().empty()) address += "?" + std::string(call.query());
  call.Answer(SeeOther(address));
}

// What became of the invoice after the page's newest comment stands above it, unless another
// comment comes before. On the newest page there is none.
void InvoicePage::LoadNextComment(ApiCall call, std::unique_ptr<InvoicePageParts> parts) {
  if (!parts->invoice || !parts->may_be_before_next()) {
    return LoadReadState(std::move(call), std::move(parts));
  }
  ListCommentsRequest request;
  request.set_invoice_id(parts->asked_id);
  request.set_page_token(parts->thread->previous_page_token());
  request.set_page_size(1);
  upstream_.ListComments(
      std::move(call), request,
      [this, parts = std::move(parts)](ApiCall call, const absl::Status& status,
                                       const ListCommentsResponse& page) mutable {
        // Unknown, the line is left to the page that it may stand on.
        const auto& comments =
            status.ok() && !page.comments().empty() ? page.comments() : parts->thread->comments();
        parts->next_time = TimeOf(comments.begin()->create_time());
        LoadReadState(std::move(call), std::move(parts));
      });
}

// Beside a thread only: what is unread is nothing that a page waits for by itself.
void InvoicePage::LoadReadState(ApiCall call, std::unique_ptr<InvoicePageParts> parts) {
  if (!parts->thread || call.caller().role == Role::kService) {
    return LoadSidebar(std::move(call), std::move(parts));
  }
  BatchGetReadStatesRequest request;
  request.add_invoice_ids(parts->invoice_id());
  upstream_.BatchGetReadStates(
      std::move(call), request,
      [this, parts = std::move(parts)](ApiCall call, const absl::Status& status,
                                       const BatchGetReadStatesResponse& answer) mutable {
        if (status.ok() && answer.read_states_size() == 1) {
          parts->read_state = answer.read_states(0);
        }
        LoadSidebar(std::move(call), std::move(parts));
      });
}

void InvoicePage::LoadSidebar(ApiCall call, std::unique_ptr<InvoicePageParts> parts) {
  const std::string_view wanted = parts->wanted_activity;
  LoadActivity(upstream_, std::move(call), wanted,
               [this, parts = std::move(parts)](ApiCall call, Activity activity) {
                 parts->activity = std::move(activity);
                 Render(std::move(call), *parts);
               });
}

void InvoicePage::Render(ApiCall call, const InvoicePageParts& parts) {
  HttpResponse response =
      PageResponse(parts.status, page_.Render(InvoicePageData(parts, call, absl::Now())));
  response.headers += KeepOrder(call.query(), parts.order);
  call.Answer(std::move(response));
}

void InvoicePage::ShowSummary(ApiCall call) {
  auto consistency = QueryText(call.query(), "consistency");
  if (!consistency.ok()) return call.Fail(consistency.status());
  GetInvoiceRequest request;
  request.set_invoice_id(call.path_parameter(0));
  if (!consistency->empty()) {
    request.mutable_consistency()->set_at_least_as_fresh(*std::move(consistency));
  }
  upstream_.GetInvoice(
      std::move(call), request,
      [this](ApiCall call, const absl::Status& status, const GetInvoiceResponse& answer) {
        if (!status.ok()) return call.Fail(status);
        const absl::Time now = absl::Now();
        PageData data = SummaryData(answer, CountOf(answer.summary()), now);
        if (CountsAreOld(answer.freshness())) data["count_age"] = CountAge(answer.freshness(), now);
        call.Answer(PageResponse(200, fragment_.Render(data)));
      });
}

}  // namespace marginalia
