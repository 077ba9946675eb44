// Many browsers that follow the live stream of an invoice: plain sockets, one thread.
#ifndef MARGINALIA_TESTS_BENCH_SSE_BROWSERS_H_
#define MARGINALIA_TESTS_BENCH_SSE_BROWSERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/loopback_socket.h"

namespace marginalia::bench {

class SseBrowsers {
 public:
  SseBrowsers();
  ~SseBrowsers();
  SseBrowsers(const SseBrowsers&) = delete;
  SseBrowsers& operator=(const SseBrowsers&) = delete;

  // Opens one more stream; the answer is read later, by ReadUntil.
  void Open(const std::string& address, const std::string& request);

  int count() const { return static_cast<int>(browsers_.size()); }

  // Reads until so many browsers have received `text` since the last call, in one piece, or
  // `longest` has passed. Returns how many have. Throws BarFailed when a stream ends.
  int ReadUntil(const std::string& text, int browsers, absl::Duration longest);

 private:
  struct Browser {
    LoopbackSocket socket;
    std::string received;
    bool has_it = false;
  };
  std::vector<Browser> browsers_;
  int epoll_ = -1;
};

// Raises the limit of open files to the hard one. Throws BarFailed when that is below `wanted`.
void AllowOpenFiles(std::uint64_t wanted);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_SSE_BROWSERS_H_
