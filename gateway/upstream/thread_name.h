// What an invoice is really called, whatever the caller calls it, for whoever may read its thread.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_THREAD_NAME_H_
#define MARGINALIA_GATEWAY_UPSTREAM_THREAD_NAME_H_

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "gateway/upstream/errand.h"
#include "gateway/upstream/upstream.h"

namespace marginalia {

// Asks comments-service, which knows it from the thread's comments, and where there is none
// invoice-service. `told` is called once, on a thread of gRPC's; its failures are those of
// ListComments and GetInvoice.
void FindThreadName(Upstream& upstream, Errand errand, std::string asked_id,
                    absl::AnyInvocable<void(absl::StatusOr<std::string>)> told);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_THREAD_NAME_H_
