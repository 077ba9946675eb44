#include "gateway/upstream/recent_comments.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using comments::v1::ListRecentCommentsRequest;
using comments::v1::ListRecentCommentsResponse;
using invoices::v1::BatchGetInvoiceSummariesRequest;
using invoices::v1::BatchGetInvoiceSummariesResponse;

// Twice: an invoice that is there stays there.
constexpr int kAsksMax = 2;

BatchGetInvoiceSummariesRequest InvoicesOf(const ListRecentCommentsResponse& page) {
  BatchGetInvoiceSummariesRequest request;
  absl::flat_hash_set<std::string_view> known;
  for (const comments::v1::Comment& comment : page.comments()) {
    if (known.insert(comment.invoice_id()).second) request.add_invoice_ids(comment.invoice_id());
  }
  return request;
}

// The request without those that the failure says are unknown; nothing: it does not say, or then
// there is nothing left to ask for.
std::optional<BatchGetInvoiceSummariesRequest> WithoutUnknown(
    const BatchGetInvoiceSummariesRequest& request, const absl::Status& failure) {
  const std::string told = ErrorMetadataOf(failure, "unknown_indexes");
  absl::flat_hash_set<int> unknown;
  for (const auto piece : absl::StrSplit(told, ',', absl::SkipEmpty())) {
    int index = 0;
    if (absl::SimpleAtoi(piece, &index)) unknown.insert(index);
  }
  BatchGetInvoiceSummariesRequest rest;
  for (int i = 0; i < request.invoice_ids_size(); ++i) {
    if (!unknown.contains(i)) rest.add_invoice_ids(request.invoice_ids(i));
  }
  if (unknown.empty() || rest.invoice_ids().empty()) return std::nullopt;
  return rest;
}

void AskForInvoices(
    Upstream& upstream, ApiCall call, const BatchGetInvoiceSummariesRequest& request, int asks_left,
    absl::AnyInvocable<void(ApiCall, const BatchGetInvoiceSummariesResponse&)> told) {
  upstream.BatchGetInvoiceSummaries(std::move(call), request,
                                    [&upstream, request, asks_left, told = std::move(told)](
                                        ApiCall call, const absl::Status& status,
                                        const BatchGetInvoiceSummariesResponse& invoices) mutable {
                                      if (status.ok()) return told(std::move(call), invoices);
                                      const auto rest = WithoutUnknown(request, status);
                                      if (!rest || asks_left == 1) return told(std::move(call), {});
                                      AskForInvoices(upstream, std::move(call), *rest,
                                                     asks_left - 1, std::move(told));
                                    });
}

}  // namespace

void ListRecentCommentsWithInvoices(Upstream& upstream, ApiCall call,
                                    const ListRecentCommentsRequest& request,
                                    RecentComments answered) {
  upstream.ListRecentComments(
      std::move(call), request,
      [&upstream, answered = std::move(answered)](ApiCall call, const absl::Status& status,
                                                  const ListRecentCommentsResponse& page) mutable {
        if (!status.ok() || page.comments().empty()) {
          return answered(std::move(call), status, page, {});
        }
        AskForInvoices(upstream, std::move(call), InvoicesOf(page), kAsksMax,
                       [page, answered = std::move(answered)](
                           ApiCall call, const BatchGetInvoiceSummariesResponse& invoices) mutable {
                         answered(std::move(call), absl::OkStatus(), page, invoices);
                       });
      });
}

}  // namespace marginalia
