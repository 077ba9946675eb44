// The watches that are open: how many, how many bytes they have under way, and the end of those
// whose peer does not read. Owned by main; must outlive all watches. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_WATCH_OPEN_WATCHES_H_
#define MARGINALIA_COMMENTS_SERVICE_WATCH_OPEN_WATCHES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "absl/time/time.h"

namespace marginalia {

// A message that its peer has not taken for this long ends the watch.
inline constexpr absl::Duration kWriteStallMax = absl::Seconds(30);
// Beyond this much under way in all, each watch sends one event at a time.
inline constexpr std::size_t kWatchBytesInFlightMax = 64 * 1024 * 1024;

// An open watch as OpenWatches sees it.
class Watch {
 public:
  virtual ~Watch() = default;
  // Ends the call without the peer's help. Thread-safe; called only while the watch is registered.
  virtual void Cut() = 0;

 private:
  friend class OpenWatches;
  std::size_t bytes_ = 0;                      // of the message under way
  std::atomic<std::int64_t> write_began_ = 0;  // steady nanoseconds; 0: none is under way
};

class OpenWatches {
 public:
  explicit OpenWatches(absl::Duration write_stall_max = kWriteStallMax);

  void Opened(Watch* watch);
  // Waits for a Cut that is under way.
  void Closed(Watch* watch);

  // Around each message of a watch; one at a time. What the watch has done before one begins,
  // whoever ends it sees: gRPC keeps that order too, where the thread sanitizer cannot see it.
  void WriteBegins(Watch* watch, std::size_t bytes);
  void WriteEnded(Watch* watch);

  std::size_t count() const;
  bool crowded() const {
    return bytes_in_flight_.load(std::memory_order_relaxed) > kWatchBytesInFlightMax;
  }

 private:
  void CutStalled();

  const absl::Duration write_stall_max_;
  std::atomic<std::size_t> bytes_in_flight_ = 0;
  mutable std::mutex mutex_;
  std::unordered_set<Watch*> watches_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_WATCH_OPEN_WATCHES_H_
