// How many calls each caller has in flight, so that one of them never takes all places.
// Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_GATE_CALLER_PLACES_H_
#define MARGINALIA_SERVICES_RPC_GATE_CALLER_PLACES_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "services/identity/caller.h"

namespace marginalia {

// Callers without a call in flight that are remembered, to spare the next call the making.
inline constexpr std::size_t kIdleCallersMax = 4096;

class CallerPlaces {
 public:
  explicit CallerPlaces(int per_caller_max) : per_caller_max_(per_caller_max) {}

  // One of the places of the caller: the subject of a tenant, or a machine that acts for all. Null:
  // all are taken. Subtract one from it when the call ends, before these places are gone.
  std::atomic<int>* Take(const Caller& caller);

  // Callers remembered now.
  std::size_t callers();

 private:
  static constexpr std::size_t kShards = 16;
  struct Shard {
    std::mutex mutex;
    absl::flat_hash_map<std::string, std::unique_ptr<std::atomic<int>>> taken;  // guarded by mutex
  };

  const int per_caller_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_CALLER_PLACES_H_
