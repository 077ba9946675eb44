#include "invoice-service/summary_cache.h"

#include <functional>
#include <iterator>
#include <utility>

#include "invoice-service/invoice.h"

namespace marginalia {
namespace {

// What an entry costs beside its strings: two list and map nodes and the shared invoice.
constexpr std::size_t kEntryOverheadBytes = 200;

// Neither ids nor numbers contain NUL, so that the last one separates tenant and invoice.
std::string KeyOf(std::string_view org_id, std::string_view id_or_number) {
  std::string key;
  key.reserve(org_id.size() + id_or_number.size() + 1);
  key.append(org_id).append(1, '\0').append(id_or_number);
  return key;
}

}  // namespace

SummaryCache::SummaryCache(std::size_t invoices_max, std::size_t bytes_max, CacheCounters counters)
    // An invoice takes two entries.
    : shard_entries_max_(2 * invoices_max / kShards),
      shard_bytes_max_(bytes_max / kShards),
      counters_(counters) {}

CachedInvoicePointer SummaryCache::Find(std::string_view org_id, std::string_view id_or_number) {
  CachedInvoicePointer found;
  if (IsUuid(id_or_number)) {
    found = FindById(org_id, id_or_number);
  } else {
    const std::string key = KeyOf(org_id, id_or_number);
    Shard& shard = ShardOf(key);
    std::string invoice_id;
    {
      const std::lock_guard lock(shard.mutex);
      if (const Entry* entry = Use(shard, key)) invoice_id = entry->invoice_id;
    }
    if (!invoice_id.empty()) found = FindById(org_id, invoice_id);
  }
  Counter* const counter = found != nullptr ? counters_.hits : counters_.misses;
  if (counter != nullptr) counter->Add();
  return found;
}

void SummaryCache::Insert(std::string_view org_id, CachedInvoicePointer invoice,
                          std::uint64_t generation) {
  std::string by_number = KeyOf(org_id, invoice->number);
  std::string by_id = KeyOf(org_id, invoice->invoice_id);
  Put({std::move(by_number), nullptr, invoice->invoice_id}, generation);
  Put({std::move(by_id), std::move(invoice), ""}, generation);
}

void SummaryCache::Invalidate(std::string_view org_id, std::string_view invoice_id) {
  // First the generation: a reader that inserts after this has seen it, and one that inserted
  // before is found below.
  generation_.fetch_add(1, std::memory_order_acq_rel);
  const std::string key = KeyOf(org_id, invoice_id);
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) {
    Drop(shard, found->second);
  }
}

void SummaryCache::InvalidateAll() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.by_key.clear();
    shard.recency.clear();
    shard.bytes = 0;
  }
}

SummaryCache::Shard& SummaryCache::ShardOf(std::string_view key) {
  return shards_[std::hash<std::string_view>()(key) % kShards];
}

std::size_t SummaryCache::SizeOf(const Entry& entry) {
  const std::size_t encoded = entry.invoice != nullptr ? entry.invoice->encoded.size() : 0;
  return entry.key.size() + entry.invoice_id.size() + encoded + kEntryOverheadBytes;
}

const SummaryCache::Entry* SummaryCache::Use(Shard& shard, std::string_view key) {
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) return nullptr;
  shard.recency.splice(shard.recency.begin(), shard.recency, found->second);
  return &*found->second;
}

void SummaryCache::Drop(Shard& shard, Recency::iterator entry) {
  shard.bytes -= SizeOf(*entry);
  shard.by_key.erase(entry->key);
  shard.recency.erase(entry);
}

CachedInvoicePointer SummaryCache::FindById(std::string_view org_id, std::string_view invoice_id) {
  const std::string key = KeyOf(org_id, invoice_id);
  Shard& shard = ShardOf(key);
  const std::lock_guard lock(shard.mutex);
  const Entry* entry = Use(shard, key);
  return entry == nullptr ? nullptr : entry->invoice;
}

void SummaryCache::Put(Entry entry, std::uint64_t generation) {
  const std::size_t size = SizeOf(entry);
  if (size > shard_bytes_max_ || shard_entries_max_ == 0) return;
  Shard& shard = ShardOf(entry.key);
  const std::lock_guard lock(shard.mutex);
  if (generation_.load(std::memory_order_acquire) != generation) return;
  if (const auto found = shard.by_key.find(entry.key); found != shard.by_key.end()) {
    Drop(shard, found->second);
  }
  shard.recency.push_front(std::move(entry));
  shard.by_key.emplace(shard.recency.front().key, shard.recency.begin());
  shard.bytes += size;
  while (shard.bytes > shard_bytes_max_ || shard.recency.size() > shard_entries_max_) {
    Drop(shard, std::prev(shard.recency.end()));
  }
}

}  // namespace marginalia
