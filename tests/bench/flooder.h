// Somebody who goes on until he is destroyed, on a thread of his own.
#ifndef MARGINALIA_TESTS_BENCH_FLOODER_H_
#define MARGINALIA_TESTS_BENCH_FLOODER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace marginalia::bench {

// The host that floods come from, as a server sees it: another one than the caller's.
inline constexpr char kFloodsFrom[] = "127.0.0.2";

// Gives the calling thread, and threads that it starts, what CPU nobody else wants: a flood comes
// from other machines, and what it costs to make it is not to be in anybody's figure.
void TakeCpuLast();

class Flooder {
 public:
  // `flood` runs again and again until `ending`, which it looks at as well.
  explicit Flooder(std::function<void(const std::atomic<bool>& ending)> flood)
      : thread_([this, flood = std::move(flood)] {
          TakeCpuLast();
          while (!ending_) flood(ending_);
        }) {}
  ~Flooder() {
    ending_ = true;
    thread_.join();
  }
  Flooder(const Flooder&) = delete;

 private:
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_FLOODER_H_
