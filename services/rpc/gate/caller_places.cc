#include "services/rpc/gate/caller_places.h"

#include <functional>

#include "services/text/tenant_key.h"

namespace marginalia {

std::atomic<int>* CallerPlaces::Take(const Caller& caller) {
  thread_local std::string key;
  SetTenantKey(key, caller.org_id, caller.user_id);
  Shard& shard = shards_[std::hash<std::string>()(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  auto found = shard.taken.find(key);
  if (found == shard.taken.end()) {
    // Whoever has no call in flight can be forgotten: only under this lock may a count leave zero.
    if (shard.taken.size() >= kIdleCallersMax / kShards) {
      absl::erase_if(shard.taken, [](const auto& each) { return each.second->load() == 0; });
    }
    found = shard.taken.emplace(key, std::make_unique<std::atomic<int>>(0)).first;
  }
  std::atomic<int>& taken = *found->second;
  if (taken.load(std::memory_order_relaxed) >= per_caller_max_) return nullptr;
  taken.fetch_add(1, std::memory_order_relaxed);
  return &taken;
}

std::size_t CallerPlaces::callers() {
  std::size_t callers = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    callers += shard.taken.size();
  }
  return callers;
}

}  // namespace marginalia
