// Many watchers of the event stream, spread over a few connections. Owned by one thread.
#ifndef MARGINALIA_TESTS_BENCH_EVENT_WATCHERS_H_
#define MARGINALIA_TESTS_BENCH_EVENT_WATCHERS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

namespace marginalia::bench {

class EventWatchers {
 public:
  // Opens `count` streams "from now" over `connections` connections.
  EventWatchers(const std::string& address, const std::string& bearer, int count, int connections);
  // Cancels them.
  ~EventWatchers();

  // Waits until each watcher has had its first answer and together they have had `events` events.
  // Throws BarFailed when a stream ends or `longest` passes.
  void WaitFor(std::int64_t events, absl::Duration longest) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_EVENT_WATCHERS_H_
