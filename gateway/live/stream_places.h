// How many event streams are open, in all and for each person, and who may have one more.
// Thread-safe.
#ifndef MARGINALIA_GATEWAY_LIVE_STREAM_PLACES_H_
#define MARGINALIA_GATEWAY_LIVE_STREAM_PLACES_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/identity/caller.h"

namespace marginalia {

inline constexpr std::size_t kSseClientsMax = 12'000;
inline constexpr std::size_t kSseClientsPerUserMax = 32;

// One of the places; its end frees it.
class StreamPlace {
 public:
  virtual ~StreamPlace() = default;
};

class StreamPlaces {
 public:
  explicit StreamPlaces(std::size_t all_max = kSseClientsMax,
                        std::size_t per_user_max = kSseClientsPerUserMax);

  // Errors: RESOURCE_EXHAUSTED, reason TOO_MANY_STREAMS, with RetryInfo.
  absl::StatusOr<std::unique_ptr<StreamPlace>> Take(const Caller& caller);

  std::size_t taken() const;

 private:
  struct State {
    std::mutex mutex;
    std::size_t taken = 0;
    absl::flat_hash_map<std::string, std::size_t> per_user;
  };
  class TakenPlace;

  const std::size_t all_max_;
  const std::size_t per_user_max_;
  // Shared with the places.
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_STREAM_PLACES_H_
