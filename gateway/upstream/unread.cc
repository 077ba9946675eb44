#include "gateway/upstream/unread.h"

#include <memory>
#include <utility>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

using comments::v1::BatchGetReadStatesRequest;
using comments::v1::BatchGetReadStatesResponse;
using comments::v1::ReadState;
using invoices::v1::InvoiceSummary;
using invoices::v1::ListInvoiceSummariesRequest;
using invoices::v1::ListInvoiceSummariesResponse;

absl::Status NobodyKnows() {
  return Refusal(absl::StatusCode::kUnavailable, "UPSTREAM_UNAVAILABLE",
                 "nobody tells what is unread right now: try again, or list all");
}

// What was found so far, and what is asked for next.
struct Search {
  ListInvoiceSummariesRequest request;
  int wanted = 0;
  int looks = kUnreadLooksMax;
  ListInvoiceSummariesResponse found;
  ReadStatesOfInvoices states;
  ListedInvoices answered;
};

using PageWithReadStates = absl::AnyInvocable<void(ApiCall, const ListInvoiceSummariesResponse&,
                                                   const ReadStatesOfInvoices&)>;

void WithReadStates(Upstream& upstream, ApiCall call, const ListInvoiceSummariesResponse& page,
                    PageWithReadStates answered) {
  // Machines mark nothing, and are not told.
  if (page.summaries().empty() || call.caller().role == Role::kService) {
    return answered(std::move(call), page, {});
  }
  BatchGetReadStatesRequest request;
  for (const InvoiceSummary& summary : page.summaries()) {
    request.add_invoice_ids(summary.invoice_id());
  }
  upstream.BatchGetReadStates(
      std::move(call), request,
      [page, answered = std::move(answered)](ApiCall call, const absl::Status& status,
                                             const BatchGetReadStatesResponse& answer) mutable {
        ReadStatesOfInvoices states;
        if (status.ok()) {
          for (const ReadState& state : answer.read_states()) states[state.invoice_id()] = state;
        }
        answered(std::move(call), page, states);
      });
}

// Takes what is unread of a page; false when nobody tells.
bool TakeUnread(const ListInvoiceSummariesResponse& page, const ReadStatesOfInvoices& states,
                Search& search) {
  for (const InvoiceSummary& summary : page.summaries()) {
    const auto state = states.find(summary.invoice_id());
    if (state == states.end()) return false;
    if (state->second.unread_count() == 0) continue;
    *search.found.add_summaries() = summary;
    search.states.insert(*state);
  }
  search.found.set_next_page_token(page.next_page_token());
  *search.found.mutable_freshness() = page.freshness();
  return true;
}

void LookForUnread(Upstream& upstream, ApiCall call, std::unique_ptr<Search> search) {
  // No more than there is room for: the next page begins where this one ends.
  search->request.set_page_size(search->wanted - search->found.summaries_size());
  search->request.set_page_token(search->found.next_page_token().empty()
                                     ? search->request.page_token()
                                     : search->found.next_page_token());
  const ListInvoiceSummariesRequest request = search->request;
  upstream.ListInvoiceSummaries(
      std::move(call), request,
      [&upstream, search = std::move(search)](ApiCall call, const absl::Status& status,
                                              const ListInvoiceSummariesResponse& page) mutable {
        if (!status.ok()) {
          return search->answered(std::move(call), status, search->found, search->states);
        }
        WithReadStates(upstream, std::move(call), page,
                       [&upstream, search = std::move(search)](
                           ApiCall call, const ListInvoiceSummariesResponse& page,
                           const ReadStatesOfInvoices& states) mutable {
                         const bool known = TakeUnread(page, states, *search);
                         const bool more = known && !page.next_page_token().empty() &&
                                           --search->looks > 0 &&
                                           search->found.summaries_size() < search->wanted;
                         if (more)
                           return LookForUnread(upstream, std::move(call), std::move(search));
                         search->answered(std::move(call), known ? absl::OkStatus() : NobodyKnows(),
                                          search->found, search->states);
                       });
      });
}

}  // namespace

void ListInvoices(Upstream& upstream, ApiCall call, const ListInvoiceSummariesRequest& request,
                  Shown shown, ListedInvoices answered) {
  if (shown == Shown::kUnread) {
    if (call.caller().role == Role::kService) {
      return answered(std::move(call),
                      InvalidField("unread", "must be left out by machines, which read nothing"),
                      {}, {});
    }
    auto search = std::make_unique<Search>();
    search->request = request;
    search->wanted = request.page_size();
    search->answered = std::move(answered);
    return LookForUnread(upstream, std::move(call), std::move(search));
  }
  upstream.ListInvoiceSummaries(
      std::move(call), request,
      [&upstream, answered = std::move(answered)](
          ApiCall call, const absl::Status& status,
          const ListInvoiceSummariesResponse& page) mutable {
        if (!status.ok()) return answered(std::move(call), status, page, {});
        WithReadStates(
            upstream, std::move(call), page,
            [answered = std::move(answered)](ApiCall call, const ListInvoiceSummariesResponse& page,
                                             const ReadStatesOfInvoices& states) mutable {
              answered(std::move(call), absl::OkStatus(), page, states);
            });
      });
}

}  // namespace marginalia
