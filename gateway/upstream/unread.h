// What of a list of invoices is unread for whoever asks: comments-service knows it, and the
// summaries do not, because invoice-service serves them from memory that all callers share. So it
// is asked for beside them, once for a whole page, and the list does without where there is no
// answer. Thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_UNREAD_H_
#define MARGINALIA_GATEWAY_UPSTREAM_UNREAD_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/invoice_json.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

// How many pages of invoices are looked through for those with something unread, at one request.
inline constexpr int kUnreadLooksMax = 10;

// Which of the invoices that a request lists are shown.
enum class Shown { kAll, kUnread };

// Calls back with a page and the read states of its invoices; none at all when comments-service did
// not tell within kBesideDeadline. Of kUnread it holds only invoices with something unread, so
// it may be short, even empty: only an empty next_page_token ends the list. Errors: those of
// ListInvoiceSummaries; of kUnread also UNAVAILABLE when nobody tells what is unread, and
// INVALID_ARGUMENT about `unread` for machines, which read nothing.
using ListedInvoices = absl::AnyInvocable<void(ApiCall, const absl::Status&,
                                               const invoices::v1::ListInvoiceSummariesResponse&,
                                               const ReadStatesOfInvoices&)>;
void ListInvoices(Upstream& upstream, ApiCall call,
                  const invoices::v1::ListInvoiceSummariesRequest& request, Shown shown,
                  ListedInvoices answered);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_UNREAD_H_
