#include "services/identity/verification_queue.h"

#include <algorithm>
#include <utility>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

// Looked at again then at the latest.
constexpr absl::Duration kSleepMax = absl::Minutes(1);
constexpr absl::Duration kQueueFullRetryAfter = absl::Seconds(1);

absl::Status QueueFull() {
  return Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_UNKNOWN_TOKENS",
                 "too many tokens that nobody has seen before wait to be verified: try again", {},
                 kQueueFullRetryAfter);
}

}  // namespace

VerificationQueue::VerificationQueue(TokenVerifier& tokens)
    : tokens_(tokens), thread_([this] { Work(); }) {}

VerificationQueue::~VerificationQueue() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void VerificationQueue::Verify(std::string_view host, std::string token, Done done) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = hosts_.find(host);
    const bool full =
        waiting_ >= kVerificationsWaitingMax ||
        (found != hosts_.end() && found->second.size() >= kHostVerificationsWaitingMax);
    if (!full) {
      auto& pending = found != hosts_.end() ? found->second : hosts_[std::string(host)];
      pending.push_back({std::move(token), std::move(done)});
      ++waiting_;
    } else if (refused_.size() < kRefusalsWaitingMax) {
      refused_.push_back({SteadyTime::Now() + kRefusalDelay, std::move(done)});
    }
  }
  // Still here: nobody has taken it.
  if (done != nullptr) return done(QueueFull());
  changed_.notify_one();
}

std::size_t VerificationQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

VerificationQueue::Hosts::iterator VerificationQueue::Next(absl::Duration& wait) {
  auto host = hosts_.upper_bound(last_host_);
  for (std::size_t i = 0; i < hosts_.size(); ++i, ++host) {
    if (host == hosts_.end()) host = hosts_.begin();
    const absl::Duration its_wait = failures_.Wait(host->first);
    if (its_wait == absl::ZeroDuration()) return host;
    wait = std::min(wait, its_wait);
  }
  return hosts_.end();
}

void VerificationQueue::TellRefused(std::unique_lock<std::mutex>& lock, absl::Duration& wait) {
  const SteadyTime now = SteadyTime::Now();
  while (!refused_.empty() && refused_.front().due <= now) {
    Done done = std::move(refused_.front().done);
    refused_.pop_front();
    lock.unlock();
    done(QueueFull());
    lock.lock();
  }
  if (!refused_.empty()) wait = std::min(wait, refused_.front().due - now);
}

void VerificationQueue::Work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    absl::Duration wait = kSleepMax;
    TellRefused(lock, wait);
    const auto host = Next(wait);
    if (host == hosts_.end()) {
      changed_.wait_for(lock, absl::ToChronoNanoseconds(wait));
      continue;
    }
    Pending next = std::move(host->second.front());
    host->second.pop_front();
    last_host_ = host->first;
    if (host->second.empty()) hosts_.erase(host);
    --waiting_;
    const std::string name = last_host_;
    lock.unlock();
    absl::StatusOr<Verified> verified = tokens_.Verify(next.token);
    if (!verified.ok()) failures_.Spend(name);
    next.done(std::move(verified));
    next.done = nullptr;
    lock.lock();
  }
}

}  // namespace marginalia
