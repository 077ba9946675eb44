// What the page of an invoice is made of: what was asked for, what has been found so far, and the
// data that its template shows of them. Owned by the call that is answered with the page.
#ifndef MARGINALIA_GATEWAY_PAGES_INVOICE_PAGE_PARTS_H_
#define MARGINALIA_GATEWAY_PAGES_INVOICE_PAGE_PARTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/pages/forms/comment_draft.h"
#include "gateway/pages/frame/template.h"
#include "gateway/pages/frame/thread_order.h"
#include "gateway/pages/views/activity.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

struct InvoicePageParts {
  std::string asked_id;
  std::string cursor;
  // The comment that the address leads to; empty: none.
  std::string linked;
  bool linked_is_missing = false;
  std::string consistency;
  std::string_view wanted_activity;
  ThreadOrder order = ThreadOrder::kNewestFirst;
  // Whether to lead to the invoice's own address instead of showing it under another.
  bool may_lead_on = false;

  std::optional<comments::v1::ListCommentsResponse> thread;
  absl::Status thread_failure;
  std::optional<invoices::v1::GetInvoiceResponse> invoice;
  absl::Status invoice_failure;
  // When the comment was written that is the next newer one to those of the page.
  absl::Time next_time = absl::InfiniteFuture();
  std::optional<comments::v1::ReadState> read_state;
  Activity activity;

  CommentDraft draft = NewDraft();
  // Why the thread was not settled or opened again; empty when that was not tried.
  std::string state_error;
  int status = 200;

  // The comment that the page of the thread is asked for around; empty: none.
  std::string_view around() const;
  std::string path() const;
  std::string invoice_id() const;
  std::string number() const;
  // What the thread says of itself; where it does not, the higher of two counts is the later one,
  // for such a thread only grows. So no count on the page can be behind the list beside it.
  std::optional<std::int64_t> count() const;
  // Whether the page is not the newest one, and something has become of the invoice since.
  bool may_be_before_next() const;
  // Whether the page of the thread begins with its newest comment.
  bool is_at_newest() const;
};

// Whatever is missing is left out, or the page says that it is.
PageData InvoicePageData(const InvoicePageParts& parts, const ApiCall& call, absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_INVOICE_PAGE_PARTS_H_
