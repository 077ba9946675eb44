// The newest comments of all the tenant's invoices, and which invoices those are. What an invoice
// is called and whose it is, invoice-service knows: it is asked for a whole page at once, and once
// more without those that it says it does not have, as of threads that came from elsewhere. The
// comments do without where there is no answer. Thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_RECENT_COMMENTS_H_
#define MARGINALIA_GATEWAY_UPSTREAM_RECENT_COMMENTS_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

// Calls back with a page of comments and the summaries of its invoices, each once; with none when
// invoice-service did not tell within kBesideDeadline. Errors: those of ListRecentComments.
using RecentComments = absl::AnyInvocable<void(
    ApiCall, const absl::Status&, const comments::v1::ListRecentCommentsResponse&,
    const invoices::v1::BatchGetInvoiceSummariesResponse&)>;
void ListRecentCommentsWithInvoices(Upstream& upstream, ApiCall call,
                                    const comments::v1::ListRecentCommentsRequest& request,
                                    RecentComments answered);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_RECENT_COMMENTS_H_
