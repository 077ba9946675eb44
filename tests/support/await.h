// Waits in a test until something has come true: the one place where a test lets time pass.
#ifndef MARGINALIA_TESTS_SUPPORT_AWAIT_H_
#define MARGINALIA_TESTS_SUPPORT_AWAIT_H_

#include <chrono>
#include <thread>

namespace marginalia {

// True as soon as `condition` is; false when it has not become true within `limit`.
template <typename Condition>
bool Await(const Condition& condition, std::chrono::seconds limit = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// For what is measured in time itself: how long a fault lasts. Never to wait for something.
inline void LetPass(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_AWAIT_H_
