// What was found out once, kept by a text key until it is told to be old or others need its place.
// Bounded by entries and by bytes; the one used longest ago goes first. Shards keep threads apart,
// so the bounds, and who goes first, are those of a shard: an equal part of the whole. Values are
// copied out: let a large one be a shared pointer. Thread-safe.
#ifndef MARGINALIA_SERVICES_CACHE_LRU_H_
#define MARGINALIA_SERVICES_CACHE_LRU_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"

namespace marginalia {

// What an entry costs beside its key and its value.
inline constexpr std::size_t kLruEntryBytes = 128;

struct LruBounds {
  // Fewer than there are shards: nothing is kept.
  std::size_t entries_max = 0;
  std::size_t bytes_max = 0;
};

template <class Value, std::size_t kShards = 16>
class Lru {
 public:
  explicit Lru(LruBounds bounds)
      : shard_bounds_{bounds.entries_max / kShards, bounds.bytes_max / kShards} {}
  Lru(const Lru&) = delete;
  Lru& operator=(const Lru&) = delete;

  // The value, now the one used last.
  std::optional<Value> Find(std::string_view key) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) return std::nullopt;
    shard.recency.splice(shard.recency.begin(), shard.recency, found->second);
    return found->second->value;
  }

  // What Insert wants back: taken before the reading that the value comes from.
  std::uint64_t Generation(std::string_view key) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    return shard.generation;
  }

  // Keeps the value, in place of the one that the key had, unless the key has been erased since
  // `generation`. `bytes`: what the value takes beside the key. One that fits into no shard is not
  // kept.
  void Insert(std::string_view key, Value value, std::size_t bytes, std::uint64_t generation) {
    InsertIf(key, std::move(value), bytes, [&] { return ShardOf(key).generation == generation; });
  }

  // The same for what never becomes old.
  void Insert(std::string_view key, Value value, std::size_t bytes) {
    InsertIf(key, std::move(value), bytes, [] { return true; });
  }

  // The same unless `valid`, asked while the key can neither be erased nor found, says that the
  // value has become old. For those whose values become old by more than a key; `valid` must not
  // use this cache.
  void InsertIf(std::string_view key, Value value, std::size_t bytes,
                absl::FunctionRef<bool()> valid) {
    const std::size_t size = key.size() + bytes + kLruEntryBytes;
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    if (!valid()) return;
    if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) {
      shard.Drop(found->second);
    }
    if (size > shard_bounds_.bytes_max || shard_bounds_.entries_max == 0) return;
    while (shard.recency.size() >= shard_bounds_.entries_max ||
           shard.bytes + size > shard_bounds_.bytes_max) {
      shard.Drop(std::prev(shard.recency.end()));
    }
    shard.recency.push_front({std::string(key), std::move(value), size});
    shard.by_key.emplace(shard.recency.front().key, shard.recency.begin());
    shard.bytes += size;
  }

  // Makes what is being read for this key now void as well.
  void Erase(std::string_view key) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    ++shard.generation;
    if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) {
      shard.Drop(found->second);
    }
  }

  // The same for all keys.
  void Clear() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      ++shard.generation;
      shard.by_key.clear();
      shard.recency.clear();
      shard.bytes = 0;
    }
  }

  std::size_t size() const {
    return Sum([](const Shard& shard) { return shard.recency.size(); });
  }
  // What the entries take, keys and overhead included.
  std::size_t bytes() const {
    return Sum([](const Shard& shard) { return shard.bytes; });
  }

 private:
  struct Entry {
    std::string key;
    Value value;
    std::size_t size = 0;
  };
  using Recency = std::list<Entry>;  // the one used last first

  struct Shard {
    mutable std::mutex mutex;  // guards all that follows
    std::uint64_t generation = 0;
    Recency recency;
    absl::flat_hash_map<std::string_view, typename Recency::iterator> by_key;  // keys in recency
    std::size_t bytes = 0;

    void Drop(typename Recency::iterator entry) {
      bytes -= entry->size;
      by_key.erase(entry->key);
      recency.erase(entry);
    }
  };

  Shard& ShardOf(std::string_view key) {
    return shards_[std::hash<std::string_view>()(key) % kShards];
  }

  template <class Part>
  std::size_t Sum(Part part) const {
    std::size_t sum = 0;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      sum += part(shard);
    }
    return sum;
  }

  const LruBounds shard_bounds_;
  std::array<Shard, kShards> shards_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_CACHE_LRU_H_
