// The wall clock of the processes that a test starts while it exists, as somebody sets it. The
// test's own stays.
#ifndef MARGINALIA_TESTS_SUPPORT_MOVED_CLOCK_H_
#define MARGINALIA_TESTS_SUPPORT_MOVED_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace marginalia {

class MovedClock {
 public:
  // `path`: a file of its own, which it makes.
  explicit MovedClock(const std::string& path);
  ~MovedClock();
  MovedClock(const MovedClock&) = delete;
  MovedClock& operator=(const MovedClock&) = delete;

  // From now on it is so much ahead of the machine's clock.
  void Set(absl::Duration ahead);

 private:
  std::atomic<std::int64_t>* seconds_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_MOVED_CLOCK_H_
