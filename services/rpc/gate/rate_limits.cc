#include "services/rpc/gate/rate_limits.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

absl::Status RateLimited(std::string_view limit, absl::Duration wait) {
  const bool tenant = limit == "tenant";
  return Refusal(absl::StatusCode::kResourceExhausted, "RATE_LIMITED",
                 tenant ? "your organisation makes too many calls; slow down and try again"
                        : "you make too many calls; slow down and try again",
                 {{"limit", std::string(limit)}}, wait);
}

}  // namespace

RateLimits::Buckets::Buckets(int calls_per_second)
    : nanos_per_call_(calls_per_second > 0 ? kNanosPerSecond / calls_per_second : 0) {}

absl::Duration RateLimits::Buckets::Take(const std::string& key, std::int64_t now_nanos) {
  if (nanos_per_call_ == 0) return absl::ZeroDuration();
  Shard& shard = shards_[std::hash<std::string>()(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  auto& buckets = shard.full_at_nanos;
  if (buckets.size() >= kRateBucketsMax / kShards && !buckets.contains(key)) {
    absl::erase_if(buckets, [&](const auto& bucket) { return bucket.second <= now_nanos; });
    if (buckets.size() >= kRateBucketsMax / kShards) buckets.clear();
  }
  std::int64_t& full_at = buckets[key];
  const std::int64_t then = std::max(full_at, now_nanos) + nanos_per_call_;
  if (then - now_nanos > kNanosPerSecond) {
    return absl::Nanoseconds(then - now_nanos - kNanosPerSecond);
  }
  full_at = then;
  return absl::ZeroDuration();
}

std::size_t RateLimits::Buckets::size() {
  std::size_t size = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    size += shard.full_at_nanos.size();
  }
  return size;
}

RateLimits::RateLimits(RateLimitOptions options)
    : options_(std::move(options)),
      tenants_(options_.tenant_calls_per_second),
      persons_(options_.person_calls_per_second) {}

absl::Status RateLimits::Take(const Caller& caller) {
  if (options_.tenant_calls_per_second == 0 && options_.person_calls_per_second == 0) {
    return absl::OkStatus();
  }
  if (caller.org_id.empty()) return absl::OkStatus();
  const std::int64_t now = options_.clock().Nanos();
  if (caller.role != Role::kService) {
    // First, so that one person who is refused takes nothing from the others of the tenant.
    const absl::Duration wait = persons_.Take(TenantKey(caller.org_id, caller.user_id), now);
    if (wait > absl::ZeroDuration()) return RateLimited("person", wait);
  }
  const absl::Duration wait = tenants_.Take(caller.org_id, now);
  return wait > absl::ZeroDuration() ? RateLimited("tenant", wait) : absl::OkStatus();
}

std::size_t RateLimits::buckets() { return tenants_.size() + persons_.size(); }

}  // namespace marginalia
