#include "gateway/pages/settle_form.h"

#include <string>
#include <utility>

#include "gateway/http/form_fields.h"
#include "gateway/http/problem.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

using comments::v1::ReopenThreadRequest;
using comments::v1::ReopenThreadResponse;
using comments::v1::ResolveThreadRequest;
using comments::v1::ResolveThreadResponse;

// Sent twice it is done once, since a thread that is settled already stays as it is. A page from
// before forms had an etag sends none.
template <typename Request>
absl::StatusOr<Request> SettlementOf(const ApiCall& call) {
  auto etag = FormField(call.request().body, "etag");
  if (!etag.ok()) return etag.status();
  Request request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_etag(*std::move(etag));
  return request;
}

// Whether the person can do something about it on this page.
bool IsForThePage(const absl::Status& failure) {
  return ReasonOf(failure) == "ETAG_MISMATCH" || IsPassing(failure);
}

std::string ErrorText(const absl::Status& failure) {
  if (ReasonOf(failure) == "ETAG_MISMATCH") {
    return "Somebody has written or changed something meanwhile. Look at it, then do it again.";
  }
  return "This was not done: " + std::string(failure.message()) + ". Do it again.";
}

// Leads to the page that reads its own write.
template <typename Response>
auto LeadBack(InvoicePage& page) {
  return [&page](ApiCall call, const absl::Status& status, const Response& settled) {
    if (IsForThePage(status)) {
      const absl::Status failure = PublicStatus(status);
      return page.ShowUnsettled(std::move(call), HttpStatusOf(failure), ErrorText(failure));
    }
    if (!status.ok()) return call.Fail(status);
    call.Answer(SeeOther(WithQuery(InvoicePath(call.path_parameter(0)),
                                   {{"consistency", settled.consistency_token()}}) +
                         "#thread"));
  };
}

}  // namespace

void SettleForm::Resolve(ApiCall call) {
  if (!IsForm(call.request())) return RefuseOtherThanForm(std::move(call));
  auto request = SettlementOf<ResolveThreadRequest>(call);
  if (!request.ok()) return call.Fail(request.status());
  upstream_.ResolveThread(std::move(call), *std::move(request),
                          LeadBack<ResolveThreadResponse>(page_));
}

void SettleForm::Reopen(ApiCall call) {
  if (!IsForm(call.request())) return RefuseOtherThanForm(std::move(call));
  auto request = SettlementOf<ReopenThreadRequest>(call);
  if (!request.ok()) return call.Fail(request.status());
  upstream_.ReopenThread(std::move(call), *std::move(request),
                         LeadBack<ReopenThreadResponse>(page_));
}

}  // namespace marginalia
