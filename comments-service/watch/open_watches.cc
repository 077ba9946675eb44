#include "comments-service/watch/open_watches.h"

#include <utility>

#include "services/process/pause.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

// A stall may last this share of its limit longer before it is seen.
constexpr int kLooksPerStall = 6;

}  // namespace

OpenWatches::OpenWatches(absl::Duration write_stall_max)
    : write_stall_max_(write_stall_max), thread_([this](const std::stop_token& stop) {
        while (Pause(write_stall_max_ / kLooksPerStall, stop)) CutStalled();
      }) {}

void OpenWatches::Opened(Watch* watch) {
  const std::lock_guard lock(mutex_);
  watches_.insert(watch);
}

void OpenWatches::Closed(Watch* watch) {
  WriteEnded(watch);
  const std::lock_guard lock(mutex_);
  watches_.erase(watch);
}

void OpenWatches::WriteBegins(Watch* watch, std::size_t bytes) {
  watch->bytes_ = bytes;
  bytes_in_flight_.fetch_add(bytes, std::memory_order_relaxed);
  watch->write_began_.store(SteadyTime::Now().Nanos(), std::memory_order_release);
}

void OpenWatches::WriteEnded(Watch* watch) {
  watch->write_began_.exchange(0, std::memory_order_acquire);
  bytes_in_flight_.fetch_sub(std::exchange(watch->bytes_, 0), std::memory_order_relaxed);
}

std::size_t OpenWatches::count() const {
  const std::lock_guard lock(mutex_);
  return watches_.size();
}

void OpenWatches::CutStalled() {
  const std::int64_t stalled_since = (SteadyTime::Now() - write_stall_max_).Nanos();
  const std::lock_guard lock(mutex_);
  for (Watch* watch : watches_) {
    const std::int64_t began = watch->write_began_.load(std::memory_order_relaxed);
    if (began != 0 && began < stalled_since) watch->Cut();
  }
}

}  // namespace marginalia
