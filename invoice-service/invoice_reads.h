// Reads as fresh as their caller asked for: out of the cache where it can be, else from the
// database. Thread-safe. Answers come through `done`, called once, on any thread.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICE_READS_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICE_READS_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "invoice-service/freshness.h"
#include "invoice-service/invoice.h"
#include "invoice-service/invoice_list.h"
#include "invoice-service/invoices.h"
#include "invoice-service/summary_cache.h"
#include "services/identity/caller.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// Who reads, how fresh, until when, and what calls to other services are a part of.
struct ReadContext {
  Caller caller;
  FreshnessRequirement requirement;
  SteadyTime deadline;
  Trace trace;
};

struct FreshInvoice {
  // Null: the tenant does not have it.
  CachedInvoicePointer invoice;
  AsOf as_of;
};

struct FreshBatch {
  // Encoded, in the order asked for; empty in the place of one that the tenant does not have.
  std::vector<std::string> summaries;
  AsOf as_of;
};

struct FreshSummaries {
  std::vector<InvoiceSummary> summaries;
  // Empty: there are no further ones.
  std::string next_page_token;
  AsOf as_of;
};

class InvoiceReads {
 public:
  // Nothing is owned; all must outlive the reads.
  InvoiceReads(Invoices& invoices, Freshness& freshness, SummaryCache& cache)
      : invoices_(invoices), freshness_(freshness), cache_(cache) {}

  // By a key as InvoiceKey makes it. Errors: of Freshness::Await.
  void Get(ReadContext context, std::string key,
           absl::AnyInvocable<void(absl::StatusOr<FreshInvoice>)> done);

  // The summaries alone, by several keys. What the cache does not have it is not given either: a
  // batch of whole invoices would be as large as all that the cache may hold.
  void GetBatch(ReadContext context, std::vector<std::string> keys,
                absl::AnyInvocable<void(absl::StatusOr<FreshBatch>)> done);

  // A page of the list, whose place the token tells. Errors: of Freshness::Await, INVALID_ARGUMENT
  // (PAGE_TOKEN_INVALID), UNAVAILABLE (PROJECTION_LAGGING) while nobody knows what the list goes
  // by.
  void List(ReadContext context, SummaryList list, int page_size, const std::string& page_token,
            absl::AnyInvocable<void(absl::StatusOr<FreshSummaries>)> done);

 private:
  using GetDone = absl::AnyInvocable<void(absl::StatusOr<FreshInvoice>)>;
  using BatchDone = absl::AnyInvocable<void(absl::StatusOr<FreshBatch>)>;
  using ListDone = absl::AnyInvocable<void(absl::StatusOr<FreshSummaries>)>;
  void GetNow(const ReadContext& context, const std::string& key, GetDone done);
  void GetBatchNow(const ReadContext& context, const std::vector<std::string>& keys,
                   BatchDone done);
  void ListNow(const ReadContext& context, SummaryList list, int limit, ListDone done);

  Invoices& invoices_;
  Freshness& freshness_;
  SummaryCache& cache_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICE_READS_H_
