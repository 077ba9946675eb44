#include "gateway/pages/settle_form.h"

#include <utility>

#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"

namespace marginalia {
namespace {

using comments::v1::ReopenThreadRequest;
using comments::v1::ReopenThreadResponse;
using comments::v1::ResolveThreadRequest;
using comments::v1::ResolveThreadResponse;

// Sent twice it is done once, since a thread that is settled already stays as it is.
template <typename Request>
Request SettlementOf(const ApiCall& call) {
  Request request;
  request.set_invoice_id(call.path_parameter(0));
  return request;
}

// The page that reads its own write.
template <typename Response>
void LeadBack(ApiCall call, const absl::Status& status, const Response& settled) {
  if (!status.ok()) return call.Fail(status);
  call.Answer(SeeOther(WithQuery(InvoicePath(call.path_parameter(0)),
                                 {{"consistency", settled.consistency_token()}}) +
                       "#thread"));
}

}  // namespace

void SettleForm::Resolve(ApiCall call) {
  auto request = SettlementOf<ResolveThreadRequest>(call);
  upstream_.ResolveThread(std::move(call), std::move(request), LeadBack<ResolveThreadResponse>);
}

void SettleForm::Reopen(ApiCall call) {
  auto request = SettlementOf<ReopenThreadRequest>(call);
  upstream_.ReopenThread(std::move(call), std::move(request), LeadBack<ReopenThreadResponse>);
}

void SettleForm::ShowPage(ApiCall call) {
  const std::string address = InvoicePath(call.path_parameter(0));
  call.Answer(SeeOther(address));
}

}  // namespace marginalia
