// Encoded invoices with their summaries, bounded by entries and by bytes. What the projector or a
// change of an invoice makes old is dropped after its commit and before anyone is told of it, so
// that nothing is served older than was said. Thread-safe.
#ifndef MARGINALIA_INVOICE_SERVICE_SUMMARY_CACHE_H_
#define MARGINALIA_INVOICE_SERVICE_SUMMARY_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "services/cache/lru.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

inline constexpr std::size_t kCachedInvoicesMax = 16'384;
inline constexpr std::size_t kCachedBytesMax = 16 * 1024 * 1024;

// An encoded GetInvoiceResponse without its freshness.
struct CachedInvoice {
  std::string invoice_id;
  std::string number;
  std::string encoded;
  // The encoded InvoiceSummary in it is its last bytes.
  std::size_t summary_bytes = 0;

  std::string_view summary() const {
    return std::string_view(encoded).substr(encoded.size() - summary_bytes);
  }
};

using CachedInvoicePointer = std::shared_ptr<const CachedInvoice>;

// Where the cache counts; each may be null.
struct CacheCounters {
  Counter* hits = nullptr;
  Counter* misses = nullptr;
};

class SummaryCache {
 public:
  // `invoices_max` 0: nothing is kept.
  explicit SummaryCache(std::size_t invoices_max = kCachedInvoicesMax,
                        std::size_t bytes_max = kCachedBytesMax, CacheCounters counters = {});

  // By id or by number; null when it is not there.
  CachedInvoicePointer Find(std::string_view org_id, std::string_view id_or_number);

  // To be taken before the database is read that an insertion comes from: an invalidation in
  // between makes the insertion void.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void Insert(std::string_view org_id, CachedInvoicePointer invoice, std::uint64_t generation);

  void Invalidate(std::string_view org_id, std::string_view invoice_id);
  void InvalidateAll();

 private:
  // Under tenant and id the invoice itself, under tenant and number its id: a number never changes,
  // so that an invalidation by id is enough.
  struct Entry {
    CachedInvoicePointer invoice;
    std::string invoice_id;
  };

  CachedInvoicePointer FindById(std::string_view org_id, std::string_view invoice_id);

  const CacheCounters counters_;
  // Of all keys together: a list of invoices is read before it is known which they are.
  std::atomic<std::uint64_t> generation_ = 0;
  Lru<Entry> entries_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_SUMMARY_CACHE_H_
