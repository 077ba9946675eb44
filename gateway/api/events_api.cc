#include "gateway/api/events_api.h"

#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using comments::v1::ListCommentsResponse;
using invoices::v1::GetInvoiceResponse;

constexpr std::string_view kLastEventId = "Last-Event-ID";
constexpr std::string_view kAfter = "after";

// Where the caller wants to go on. A browser that reconnects sends Last-Event-ID with the address
// that it first asked for, so the header is the newer one.
absl::StatusOr<std::optional<LogPoint>> ResumePoint(const ApiCall& call) {
  std::string_view field = kLastEventId;
  std::string token(call.request().Header(kLastEventId));
  if (token.empty()) {
    field = kAfter;
    auto after = QueryText(call.query(), kAfter);
    if (!after.ok()) return after.status();
    token = *std::move(after);
  }
  if (token.empty()) return std::nullopt;
  auto point =
      ParseConsistencyToken(token, TokenScope(call.caller()), field, "RESUME_TOKEN_INVALID");
  if (!point.ok()) return point.status();
  return *std::move(point);
}

}  // namespace

void EventsApi::Open(ApiCall call) {
  Wanted wanted;
  auto after = ResumePoint(call);
  if (!after.ok()) return call.Fail(after.status());
  wanted.after = *std::move(after);
  auto place = places_.Take(call.caller());
  if (!place.ok()) return call.Fail(place.status());
  wanted.place = *std::move(place);
  // Whoever may read the thread may hear of it.
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(call.path_parameter(0));
  request.set_page_size(1);
  upstream_.ListComments(
      std::move(call), request,
      [this, wanted = std::move(wanted)](ApiCall call, const absl::Status& status,
                                         const ListCommentsResponse& page) mutable {
        if (!status.ok()) return call.Fail(status);
        if (page.comments().empty()) return Resolve(std::move(call), std::move(wanted));
        Begin(std::move(call), std::move(wanted), page.comments(0).invoice_id());
      });
}

void EventsApi::Resolve(ApiCall call, Wanted wanted) {
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(call.path_parameter(0));
  upstream_.GetInvoice(
      std::move(call), request,
      [this, wanted = std::move(wanted)](ApiCall call, const absl::Status& status,
                                         const GetInvoiceResponse& answer) mutable {
        if (status.ok()) {
          return Begin(std::move(call), std::move(wanted), answer.invoice().invoice_id());
        }
        if (status.code() != absl::StatusCode::kNotFound) return call.Fail(status);
        // comments-service knows the thread all the same: it stands beside another invoicing
        // system, whose ids are what they are.
        std::string invoice_id = call.path_parameter(0);
        Begin(std::move(call), std::move(wanted), std::move(invoice_id));
      });
}

void EventsApi::Begin(ApiCall call, Wanted wanted, std::string invoice_id) {
  io_.Post([this, call = std::move(call), wanted = std::move(wanted),
            invoice_id = std::move(invoice_id)]() mutable {
    events_.Open(std::move(call), std::move(wanted.place), std::move(invoice_id), wanted.after);
  });
}

}  // namespace marginalia
