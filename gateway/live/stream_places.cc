#include "gateway/live/stream_places.h"

#include <utility>

#include "services/errors/errors.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

constexpr absl::Duration kRetryAfter = absl::Seconds(10);

absl::Status TooManyStreams(std::string_view message) {
  return Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS", message, {},
                 kRetryAfter);
}

}  // namespace

class StreamPlaces::TakenPlace : public StreamPlace {
 public:
  TakenPlace(std::shared_ptr<State> state, std::string user)
      : state_(std::move(state)), user_(std::move(user)) {}
  ~TakenPlace() override {
    const std::lock_guard lock(state_->mutex);
    --state_->taken;
    const auto found = state_->per_user.find(user_);
    if (--found->second == 0) state_->per_user.erase(found);
  }

 private:
  const std::shared_ptr<State> state_;
  const std::string user_;
};

StreamPlaces::StreamPlaces(std::size_t all_max, std::size_t per_user_max)
    : all_max_(all_max), per_user_max_(per_user_max) {}

absl::StatusOr<std::unique_ptr<StreamPlace>> StreamPlaces::Take(const Caller& caller) {
  std::string user = TenantKey(caller.org_id, caller.user_id);
  const std::lock_guard lock(state_->mutex);
  if (state_->taken >= all_max_) {
    return TooManyStreams("all event streams of this server are taken; try again later");
  }
  std::size_t& of_user = state_->per_user[user];
  if (of_user >= per_user_max_) {
    return TooManyStreams("you have too many event streams open; close one");
  }
  ++of_user;
  ++state_->taken;
  return std::unique_ptr<StreamPlace>(new TakenPlace(state_, std::move(user)));
}

std::size_t StreamPlaces::taken() const {
  const std::lock_guard lock(state_->mutex);
  return state_->taken;
}

}  // namespace marginalia
