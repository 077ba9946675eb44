// Ends a test that has hung, with a word about where.
#ifndef MARGINALIA_TESTS_REPLICAS_WATCHDOG_H_
#define MARGINALIA_TESTS_REPLICAS_WATCHDOG_H_

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "tests/replicas/fault_notice.h"

namespace marginalia {

class Watchdog {
 public:
  Watchdog(std::chrono::seconds limit, const FaultNotice& notice)
      : thread_([this, limit, &notice] {
          std::unique_lock lock(mutex_);
          if (over_.wait_for(lock, limit, [this] { return is_over_; })) return;
          std::fprintf(stderr, "the test hangs: it has run for %lld s; at last: %s\n",
                       static_cast<long long>(limit.count()), notice.Describe().c_str());
          std::abort();
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    over_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_WATCHDOG_H_
