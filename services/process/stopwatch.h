// Time as it passes, whatever the wall clock is set to: how long something took, until when it may
// take. Only what others are told (times of comments, expiry of tokens, the log) is wall time;
// tests/house/wall_clock names the files that may ask for it. Thread-safe.
#ifndef MARGINALIA_SERVICES_PROCESS_STOPWATCH_H_
#define MARGINALIA_SERVICES_PROCESS_STOPWATCH_H_

#include <chrono>
#include <compare>
#include <cstdint>

#include "absl/time/time.h"

namespace marginalia {

// A point on this machine's monotonic clock: a deadline, when something is due or was last seen.
// Means nothing to another process.
class SteadyTime {
 public:
  // Before all others.
  constexpr SteadyTime() : since_(-absl::InfiniteDuration()) {}

  static SteadyTime Now() {
    return SteadyTime(absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()));
  }
  static constexpr SteadyTime Never() { return SteadyTime(absl::InfiniteDuration()); }
  static SteadyTime FromChrono(std::chrono::steady_clock::time_point time) {
    return SteadyTime(absl::FromChrono(time.time_since_epoch()));
  }
  // By the clock's own beginning, and so of a count that Nanos gave.
  static constexpr SteadyTime SinceBoot(absl::Duration span) { return SteadyTime(span); }

  // For waits of the standard library and timers of Asio; the ends of time are its own ends.
  std::chrono::steady_clock::time_point ToChrono() const {
    return std::chrono::steady_clock::time_point(absl::ToChronoNanoseconds(since_));
  }
  // For an atomic.
  std::int64_t Nanos() const { return absl::ToInt64Nanoseconds(since_); }

  bool passed() const { return *this <= Now(); }

  friend SteadyTime operator+(SteadyTime time, absl::Duration span) {
    return SteadyTime(time.since_ + span);
  }
  SteadyTime& operator+=(absl::Duration span) { return *this = *this + span; }
  friend SteadyTime operator-(SteadyTime time, absl::Duration span) {
    return SteadyTime(time.since_ - span);
  }
  friend absl::Duration operator-(SteadyTime later, SteadyTime earlier) {
    return later.since_ - earlier.since_;
  }
  friend bool operator==(SteadyTime left, SteadyTime right) { return left.since_ == right.since_; }
  friend std::strong_ordering operator<=>(SteadyTime left, SteadyTime right) {
    if (left.since_ < right.since_) return std::strong_ordering::less;
    return left.since_ == right.since_ ? std::strong_ordering::equal
                                       : std::strong_ordering::greater;
  }

 private:
  constexpr explicit SteadyTime(absl::Duration since) : since_(since) {}

  absl::Duration since_;  // of the clock's own beginning
};

// How long ago it was made.
class Stopwatch {
 public:
  absl::Duration elapsed() const { return SteadyTime::Now() - start_; }
  SteadyTime start() const { return start_; }

 private:
  SteadyTime start_ = SteadyTime::Now();
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_STOPWATCH_H_
