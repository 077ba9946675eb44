#include "invoice-service/invoice_reads.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "invoice-service/invoice.h"
#include "invoice-service/invoice_messages.h"
#include "services/errors/errors.h"
#include "services/text/shown_name.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kListBinding = "ListInvoiceSummaries";

// Takes what was read from the database for those that the cache did not have. Counts that nobody
// knows are told of to nobody, whatever is stored, and kept by no cache.
void FillIn(FreshInvoices& fresh, std::vector<CountedInvoice> found, const std::string& org_id,
            std::uint64_t generation, SummaryCache& cache) {
  auto next = found.begin();
  for (CachedInvoicePointer& invoice : fresh.invoices) {
    if (invoice != nullptr) continue;
    if (!fresh.as_of.known()) next->comments.reset();
    invoice = Encode(*next++);
    if (fresh.as_of.known()) cache.Insert(org_id, invoice, generation);
  }
}

}  // namespace

void InvoiceReads::Get(ReadContext context, std::vector<std::string> keys, GetDone done) {
  if (context.requirement.kind == FreshnessRequirement::Kind::kMinimizeLatency) {
    return GetNow(context, keys, std::move(done));
  }
  const ReadContext& awaited = context;
  freshness_.Await(awaited.caller, awaited.requirement, awaited.trace, awaited.deadline,
                   [this, context, keys = std::move(keys),
                    done = std::move(done)](const absl::Status& fresh) mutable {
                     if (!fresh.ok()) return done(fresh);
                     GetNow(context, keys, std::move(done));
                   });
}

void InvoiceReads::GetNow(const ReadContext& context, const std::vector<std::string>& keys,
                          GetDone done) {
  const std::string& org_id = context.caller.org_id;
  FreshInvoices fresh;
  // Asked before the read: what is read then is as fresh as this or fresher.
  fresh.as_of = freshness_.Now(context.caller);
  const std::uint64_t generation = cache_.generation();
  const bool known = fresh.as_of.known();
  std::vector<std::string> missing;
  fresh.invoices.reserve(keys.size());
  for (const std::string& key : keys) {
    fresh.invoices.push_back(known ? cache_.Find(org_id, key) : nullptr);
    if (fresh.invoices.back() == nullptr) missing.push_back(key);
  }
  if (missing.empty()) return done(std::move(fresh));
  invoices_.Read(context.caller, std::move(missing), context.deadline,
                 [this, org_id, generation, fresh = std::move(fresh), done = std::move(done)](
                     absl::StatusOr<std::vector<CountedInvoice>> found) mutable {
                   if (!found.ok()) return done(found.status());
                   FillIn(fresh, *std::move(found), org_id, generation, cache_);
                   done(std::move(fresh));
                 });
}

void InvoiceReads::List(ReadContext context, int page_size, const std::string& page_token,
                        ListDone done) {
  const absl::StatusOr<int> limit = PageSize(page_size);
  if (!limit.ok()) return done(limit.status());
  std::string number;
  if (!page_token.empty()) {
    absl::StatusOr<std::string> cursor =
        ParsePageToken(page_token, {kListBinding, context.caller.org_id});
    if (!cursor.ok()) return done(cursor.status());
    // The seal is no secret: anybody can put any bytes into a token.
    if (!FaultOfName(*cursor, kNumberCharactersMax).empty()) {
      return done(InvalidField("page_token", "is not one of this listing", "PAGE_TOKEN_INVALID"));
    }
    number = *std::move(cursor);
  }
  const ReadContext& awaited = context;
  freshness_.Await(awaited.caller, awaited.requirement, awaited.trace, awaited.deadline,
                   [this, context, number = std::move(number), limit = *limit,
                    done = std::move(done)](const absl::Status& fresh) mutable {
                     if (!fresh.ok()) return done(fresh);
                     ListNow(context, std::move(number), limit, std::move(done));
                   });
}

void InvoiceReads::ListNow(const ReadContext& context, std::string number, int limit,
                           ListDone done) {
  // Asked before the read, as above.
  AsOf as_of = freshness_.Now(context.caller);
  // One more than the page holds tells whether there is another.
  invoices_.List(
      context.caller, std::move(number), limit + 1, context.deadline,
      [org_id = context.caller.org_id, limit, as_of = std::move(as_of),
       done = std::move(done)](absl::StatusOr<std::vector<InvoiceSummary>> found) mutable {
        if (!found.ok()) return done(found.status());
        if (!as_of.known()) {
          for (InvoiceSummary& summary : *found) summary.comments.reset();
        }
        FreshSummaries page{*std::move(found), "", std::move(as_of)};
        if (page.summaries.size() > static_cast<std::size_t>(limit)) {
          page.summaries.pop_back();
          page.next_page_token =
              MakePageToken(page.summaries.back().number, {kListBinding, org_id});
        }
        done(std::move(page));
      });
}

}  // namespace marginalia
