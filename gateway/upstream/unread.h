// What of a list of invoices is unread for whoever asks: comments-service knows it, and the
// summaries do not, because invoice-service serves them from memory that all callers share. So it
// is asked for beside them, once for the whole page, and the list does without where there is no
// answer. Thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_UNREAD_H_
#define MARGINALIA_GATEWAY_UPSTREAM_UNREAD_H_

#include "absl/functional/any_invocable.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/transcode.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

// Calls back with the page and the read states of its invoices; none at all when comments-service
// did not tell within kReadStatesDeadline.
using PageWithReadStates = absl::AnyInvocable<void(
    ApiCall, const invoices::v1::ListInvoiceSummariesResponse&, const ReadStatesOfInvoices&)>;
void WithReadStates(Upstream& upstream, ApiCall call,
                    const invoices::v1::ListInvoiceSummariesResponse& page,
                    PageWithReadStates answered);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_UNREAD_H_
