#include "invoice-service/summary_cache.h"

#include <utility>

#include "services/text/tenant_key.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

// What an invoice costs beside its encoded bytes.
constexpr std::size_t kInvoiceOverheadBytes = 72;

}  // namespace

SummaryCache::SummaryCache(std::size_t invoices_max, std::size_t bytes_max, CacheCounters counters)
    : counters_(counters),
      // An invoice takes two entries.
      entries_({.entries_max = 2 * invoices_max, .bytes_max = bytes_max}) {}

CachedInvoicePointer SummaryCache::Find(std::string_view org_id, std::string_view id_or_number) {
  CachedInvoicePointer found;
  if (IsUuid(id_or_number)) {
    found = FindById(org_id, id_or_number);
  } else if (const auto entry = entries_.Find(TenantKey(org_id, id_or_number)); entry.has_value()) {
    found = FindById(org_id, entry->invoice_id);
  }
  Counter* const counter = found != nullptr ? counters_.hits : counters_.misses;
  if (counter != nullptr) counter->Add();
  return found;
}

CachedInvoicePointer SummaryCache::FindById(std::string_view org_id, std::string_view invoice_id) {
  const auto entry = entries_.Find(TenantKey(org_id, invoice_id));
  return entry.has_value() ? entry->invoice : nullptr;
}

void SummaryCache::Insert(std::string_view org_id, CachedInvoicePointer invoice,
                          std::uint64_t generation) {
  const auto valid = [&] { return generation_.load(std::memory_order_acquire) == generation; };
  const std::string& invoice_id = invoice->invoice_id;
  const std::string by_id = TenantKey(org_id, invoice_id);
  entries_.InsertIf(TenantKey(org_id, invoice->number), {nullptr, invoice_id}, invoice_id.size(),
                    valid);
  const std::size_t bytes = invoice->encoded.size() + kInvoiceOverheadBytes;
  entries_.InsertIf(by_id, {std::move(invoice), ""}, bytes, valid);
}

void SummaryCache::Invalidate(std::string_view org_id, std::string_view invoice_id) {
  // First the generation: a reader that inserts after this has seen it, and one that inserted
  // before is found below.
  generation_.fetch_add(1, std::memory_order_acq_rel);
  entries_.Erase(TenantKey(org_id, invoice_id));
}

void SummaryCache::InvalidateAll() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  entries_.Clear();
}

}  // namespace marginalia
