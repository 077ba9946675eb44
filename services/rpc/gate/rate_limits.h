// How many calls a second a tenant and a person may make: a token bucket for each, that holds one
// second's worth. Every process keeps its own. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_GATE_RATE_LIMITS_H_
#define MARGINALIA_SERVICES_RPC_GATE_RATE_LIMITS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/identity/caller.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// Buckets kept at a time, of tenants and of persons each; beyond it those that are full again are
// forgotten, and when none is, all.
inline constexpr std::size_t kRateBucketsMax = 100'000;

struct RateLimitOptions {
  // All calls of a tenant together; 0: no limit.
  int tenant_calls_per_second = 0;
  // The calls of one person; 0: no limit. Machines (role service) have none of their own.
  int person_calls_per_second = 0;
  std::function<SteadyTime()> clock = SteadyTime::Now;
};

class RateLimits {
 public:
  explicit RateLimits(RateLimitOptions options);

  // Takes a call's token out of the caller's buckets. Errors: RESOURCE_EXHAUSTED, reason
  // RATE_LIMITED, metadata limit = tenant or person, with RetryInfo. A machine that acts for no
  // tenant is never limited.
  absl::Status Take(const Caller& caller);

  // Buckets kept now.
  std::size_t buckets();

 private:
  // Buckets of one kind. A bucket is the time at which it will be full again, which says all
  // (the generic cell rate algorithm of ATM Forum TM 4.0).
  class Buckets {
   public:
    explicit Buckets(int calls_per_second);
    // How long to wait for the next token; zero: one was taken.
    absl::Duration Take(const std::string& key, std::int64_t now_nanos);
    std::size_t size();

   private:
    static constexpr std::size_t kShards = 16;
    struct Shard {
      std::mutex mutex;
      absl::flat_hash_map<std::string, std::int64_t> full_at_nanos;  // guarded by mutex
    };
    const std::int64_t nanos_per_call_;  // 0: no limit
    std::array<Shard, kShards> shards_;
  };

  const RateLimitOptions options_;
  Buckets tenants_;
  Buckets persons_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_RATE_LIMITS_H_
