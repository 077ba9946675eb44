#include "services/rpc/gate/late_refusals.h"

#include <string>
#include <utility>

#include "services/errors/errors.h"

namespace marginalia {

LateRefusals::LateRefusals() : thread_([this] { Work(); }) {}

LateRefusals::~LateRefusals() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

LateRefusals& LateRefusals::OfProcess() {
  static auto* const refusals = new LateRefusals;
  return *refusals;
}

// Not for what others may have taken: whoever is refused for that has done nothing.
bool LateRefusals::ComesLate(const absl::Status& refused) {
  const std::string reason = ReasonOf(refused);
  return reason == "RATE_LIMITED" || reason == "TOO_MANY_BAD_TOKENS" ||
         ErrorMetadataOf(refused, "limit") == "caller";
}

void LateRefusals::Tell(const absl::Status& refused, absl::AnyInvocable<void()> tell) {
  if (ComesLate(refused)) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kLateRefusalsMax) {
      waiting_.push_back({SteadyTime::Now() + kLateRefusalDelay, std::move(tell)});
      if (waiting_.size() == 1) changed_.notify_one();
      return;
    }
  }
  tell();
}

void LateRefusals::Work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const absl::Duration wait = waiting_.front().due - SteadyTime::Now();
    if (wait > absl::ZeroDuration()) {
      changed_.wait_for(lock, absl::ToChronoNanoseconds(wait));
      continue;
    }
    absl::AnyInvocable<void()> tell = std::move(waiting_.front().tell);
    waiting_.pop_front();
    lock.unlock();
    tell();
    tell = nullptr;
    lock.lock();
  }
}

}  // namespace marginalia
