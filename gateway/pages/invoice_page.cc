#include "gateway/pages/invoice_page.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/target.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/views/activity.h"
#include "gateway/pages/views/comment_view.h"
#include "gateway/pages/views/summary_view.h"
#include "gateway/pages/views/thread_view.h"
#include "services/errors/errors.h"
#include "services/text/uuid.h"
#include "services/tokens/page_token.h"

namespace marginalia {

using comments::v1::BatchGetReadStatesRequest;
using comments::v1::BatchGetReadStatesResponse;
using comments::v1::ListCommentsRequest;
using comments::v1::ListCommentsResponse;
using invoices::v1::GetInvoiceRequest;
using invoices::v1::GetInvoiceResponse;

// What is asked for, and what has been found so far.
struct InvoicePage::Parts {
  std::string asked_id;
  std::string cursor;
  // The comment that the address leads to; empty: none.
  std::string linked;
  bool linked_is_missing = false;
  std::string consistency;
  std::string_view wanted_activity;
  // Whether to lead to the invoice's own address instead of showing it under another.
  bool may_lead_on = false;

  std::optional<ListCommentsResponse> thread;
  absl::Status thread_failure;
  std::optional<GetInvoiceResponse> invoice;
  absl::Status invoice_failure;
  std::optional<comments::v1::ReadState> read_state;
  Activity activity;

  CommentDraft draft = NewDraft();
  // Why the thread was not settled or opened again; empty when that was not tried.
  std::string state_error;
  int status = 200;

  // Whether the page of the thread is the one around the linked comment.
  bool is_around() const { return !linked.empty() && cursor.empty(); }

  std::string path() const {
    return invoice ? InvoicePath(invoice->invoice().number(), invoice->invoice().invoice_id())
                   : InvoicePath(asked_id);
  }
  std::string invoice_id() const {
    if (invoice) return invoice->invoice().invoice_id();
    return thread && !thread->comments().empty() ? thread->comments(0).invoice_id() : asked_id;
  }
  std::string number() const { return invoice ? invoice->invoice().number() : asked_id; }
  // What the thread says of itself; where it does not, the higher of two counts is the later one,
  // for such a thread only grows. So no count on the page can be behind the list beside it.
  std::optional<std::int64_t> count() const {
    if (thread && thread->has_thread()) return thread->thread().comment_count();
    const auto counted = invoice ? CountOf(invoice->summary()) : std::nullopt;
    if (!thread) return counted;
    return std::max<std::int64_t>(thread->total_size(), counted.value_or(0));
  }
  // Whether the page of the thread begins with its newest comment.
  bool is_at_newest() const {
    return thread && cursor.empty() && !thread->comments().empty() &&
           (!is_around() || thread->comments(0).sequence() == thread->total_size());
  }
};

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
  if (ReasonOf(failure) == "COMMENT_NOT_FOUND") return true;
  for (const FieldViolation& violation : FieldViolationsOf(failure)) {
    if (violation.field == "around_comment_id" || violation.field == "around") return true;
  }
  return false;
}

// An invoice has one address. A number that looks like another invoice's id is not led to: there
// that invoice would be shown.
bool HasBetterAddress(const invoices::v1::Invoice& invoice, std::string_view asked_id) {
  return InvoicePath(invoice.number(), invoice.invoice_id()) != InvoicePath(asked_id) &&
         !IsUuid(invoice.number());
}

PageData FormData(std::string_view path, const CommentDraft& draft) {
  PageData form;
  form["form_action"] = std::string(path) + "/comments";
  form["form_comment_id"] = draft.comment_id;
  // A browser drops the first line end in a textarea.
  form["form_text"] = (draft.body.substr(0, 1) == "\n" ? "\n" : "") + draft.body;
  if (!draft.error.empty()) form["form_error"] = draft.error;
  return form;
}

}  // namespace

void InvoicePage::Show(ApiCall call) {
  auto parts = std::make_unique<Parts>();
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
  parts->may_lead_on = true;
  LoadThread(std::move(call), std::move(parts));
}

void InvoicePage::ShowAgain(ApiCall call, int status, CommentDraft draft) {
  auto parts = std::make_unique<Parts>();
  parts->asked_id = call.path_parameter(0);
  parts->status = status;
  parts->draft = std::move(draft);
  LoadThread(std::move(call), std::move(parts));
}

void InvoicePage::ShowUnsettled(ApiCall call, int status, std::string error) {
  auto parts = std::make_unique<Parts>();
  parts->asked_id = call.path_parameter(0);
  parts->status = status;
  parts->state_error = std::move(error);
  LoadThread(std::move(call), std::move(parts));
}

void InvoicePage::LoadThread(ApiCall call, std::unique_ptr<Parts> parts) {
  ListCommentsRequest request;
  request.set_invoice_id(parts->asked_id);
  request.set_page_token(parts->cursor);
  if (parts->is_around()) request.set_around_comment_id(parts->linked);
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
        if (parts->is_around() && ConcernsLink(status)) {
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

void InvoicePage::LoadInvoice(ApiCall call, std::unique_ptr<Parts> parts) {
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
                         LoadReadState(std::move(call), std::move(parts));
                       });
}

void InvoicePage::LeadOn(ApiCall call, const std::string& path) {
  std::string address = path;
  if (!call.query().empty()) address += "?" + std::string(call.query());
  call.Answer(SeeOther(address));
}

// Beside a thread only: what is unread is nothing that a page waits for by itself.
void InvoicePage::LoadReadState(ApiCall call, std::unique_ptr<Parts> parts) {
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

void InvoicePage::LoadSidebar(ApiCall call, std::unique_ptr<Parts> parts) {
  const std::string_view wanted = parts->wanted_activity;
  LoadActivity(upstream_, std::move(call), wanted,
               [this, parts = std::move(parts)](ApiCall call, Activity activity) {
                 parts->activity = std::move(activity);
                 Render(std::move(call), *parts);
               });
}

void InvoicePage::Render(ApiCall call, const Parts& parts) {
  const absl::Time now = absl::Now();
  const std::string path = parts.path();
  const std::string invoice_id = parts.invoice_id();
  PageData page = FrameData(call.facts(), parts.number());
  page["invoice_id"] = invoice_id;
  if (const auto count = parts.count()) AddCount(page, *count);
  if (parts.invoice) {
    page["summary"] = SummaryData(*parts.invoice, parts.count(), now);
    if (!parts.thread && parts.count())
      page["count_age"] = CountAge(parts.invoice->freshness(), now);
  } else {
    page["summary_notice"] =
        "The invoice itself cannot be shown right now. Reload the page to try again.";
  }
  const std::string_view activity = parts.activity.shows;
  if (parts.thread) {
    const ThreadPlace place{.invoice_id = invoice_id,
                            .path = path,
                            .cursor = parts.cursor,
                            .around = parts.is_around() && !parts.is_at_newest()
                                          ? std::string_view(parts.linked)
                                          : std::string_view(),
                            .activity = activity,
                            .linked = parts.linked,
                            .read_state = parts.read_state ? &*parts.read_state : nullptr};
    if (parts.thread->has_thread()) {
      page["thread_state"] = ThreadStateData(parts.thread->thread(), path, call.caller(), now);
    }
    page["thread"] = ThreadData(*parts.thread, place, call.caller(), now);
    if (parts.linked_is_missing) {
      page["thread_notice"] = "The comment that the link leads to is not in this thread.";
    }
    // For whoever may write: of an empty thread nothing is to be proven.
    if (CanComment(call.caller()) && !parts.thread->comments().empty()) {
      page["evidence_href"] = absl::StrCat("/api", path, "/evidence");
      page["record_href"] = path + "/record";
    }
  } else {
    page["thread_notice"] = "The comments cannot be shown right now. Reload the page to try again.";
  }
  if (!parts.state_error.empty()) page["state_error"] = parts.state_error;
  // A draft that was not posted is shown whatever else is not.
  if (!CanComment(call.caller())) {
    page["read_only"] = true;
  } else if (parts.thread || !parts.draft.error.empty()) {
    page["form"] = FormData(path, parts.draft);
  }
  const auto address = [&](std::string_view shows) {
    return WithQuery(path,
                     {{"cursor", parts.cursor}, {"comment", parts.linked}, {"activity", shows}});
  };
  AddActivity(page, parts.activity, address, now);
  call.Answer(PageResponse(parts.status, page_.Render(page)));
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
