#include "gateway/api/invoices_api.h"

#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/etag.h"
#include "gateway/http/json_response.h"
#include "gateway/http/target.h"
#include "gateway/upstream/invoice_json.h"
#include "gateway/upstream/invoice_list_query.h"
#include "gateway/upstream/unread.h"

namespace marginalia {
namespace {

using invoices::v1::Consistency;
using invoices::v1::GetInvoiceResponse;
using invoices::v1::ListInvoiceSummariesResponse;

// The parameter `consistency`: absent for what is there, "full", or a token.
absl::Status ReadConsistency(std::string_view query, Consistency& consistency) {
  auto value = QueryText(query, "consistency");
  if (!value.ok()) return value.status();
  if (*value == "full") {
    consistency.set_fully_consistent(true);
  } else if (!value->empty()) {
    consistency.set_at_least_as_fresh(*std::move(value));
  }
  return absl::OkStatus();
}

// How fresh the counts are changes from call to call; the tag stands for the rest.
void AnswerTagged(ApiCall call, JsonWithFreshness answer) {
  const std::string tag = WeakTag(std::string_view(answer.json).substr(0, answer.freshness_offset));
  if (NamesTag(call.request(), tag)) return call.Answer(NotModified(tag));
  call.Answer(JsonResponse(200, std::move(answer.json), tag));
}

}  // namespace

void InvoicesApi::Get(ApiCall call) {
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(call.path_parameter(0));
  if (auto status = ReadConsistency(call.query(), *request.mutable_consistency()); !status.ok()) {
    return call.Fail(status);
  }
  upstream_.GetInvoice(
      std::move(call), request,
      [](ApiCall call, const absl::Status& status, const GetInvoiceResponse& answer) {
        if (!status.ok()) return call.Fail(status);
        AnswerTagged(std::move(call), ToJson(answer));
      });
}

void InvoicesApi::List(ApiCall call) {
  invoices::v1::ListInvoiceSummariesRequest request;
  InvoiceListQuery asked;
  const absl::Status read = ReadInvoiceListQuery(call.query(), asked, request);
  if (!read.ok()) return call.Fail(read);
  const auto limit = QueryLimit(call.query());
  if (!limit.ok()) return call.Fail(limit.status());
  request.set_page_size(*limit);
  if (auto status = ReadConsistency(call.query(), *request.mutable_consistency()); !status.ok()) {
    return call.Fail(status);
  }
  const Shown shown = asked.unread.empty() ? Shown::kAll : Shown::kUnread;
  ListInvoices(
      upstream_, std::move(call), request, shown,
      [](ApiCall call, const absl::Status& status, const ListInvoiceSummariesResponse& page,
         const ReadStatesOfInvoices& read_states) {
        if (!status.ok()) return call.Fail(status);
        AnswerTagged(std::move(call), ToJson(page, read_states));
      });
}

}  // namespace marginalia
