// Encoded invoices with their summaries, bounded by entries and by bytes. What the projector or a
// change of an invoice makes old is dropped after its commit and before anyone is told of it, so
// that nothing is served older than was said. Thread-safe.
#ifndef MARGINALIA_INVOICE_SERVICE_SUMMARY_CACHE_H_
#define MARGINALIA_INVOICE_SERVICE_SUMMARY_CACHE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

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
    std::string key;
    CachedInvoicePointer invoice;
    std::string invoice_id;
  };
  using Recency = std::list<Entry>;  // the one used last first
  struct Shard {
    std::mutex mutex;
    Recency recency;
    std::unordered_map<std::string_view, Recency::iterator> by_key;  // into recency
    std::size_t bytes = 0;
  };
  static constexpr std::size_t kShards = 16;

  Shard& ShardOf(std::string_view key);
  static std::size_t SizeOf(const Entry& entry);
  // The entry, now the one used last; null when there is none. Holds the shard's mutex.
  static const Entry* Use(Shard& shard, std::string_view key);
  static void Drop(Shard& shard, Recency::iterator entry);
  CachedInvoicePointer FindById(std::string_view org_id, std::string_view invoice_id);
  void Put(Entry entry, std::uint64_t generation);

  const std::size_t shard_entries_max_;
  const std::size_t shard_bytes_max_;
  const CacheCounters counters_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::array<Shard, kShards> shards_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_SUMMARY_CACHE_H_
