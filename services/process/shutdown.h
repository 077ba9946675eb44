// How a process ends: on SIGTERM or SIGINT, or because a part of it cannot go on. Make one first
// thing in main: it blocks the signals for all threads started after it. Thread-safe after
// construction.
#ifndef MARGINALIA_SERVICES_PROCESS_SHUTDOWN_H_
#define MARGINALIA_SERVICES_PROCESS_SHUTDOWN_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace marginalia {

// What is left to put away once calls have had their grace period may take so long: on a machine
// with several times more to do than it can, more than a second was seen.
inline constexpr absl::Duration kPutAwayMax = absl::Seconds(5);

class Shutdown {
 public:
  Shutdown();
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  // Ends the process with exit code 1: something is broken that only a restart can mend. The reason
  // goes to the log. Returns at once; the first call wins.
  void Fail(std::string_view reason);

  // Waits for a signal or for Fail. Returns the exit code: 0 or 1.
  int Wait();

  // After Wait: the process has `grace` and kPutAwayMax to end by itself. If something holds it up,
  // such as a disk or a server that gives no answer, it ends then, with exit code 1: what was
  // acknowledged is durable, and the rest is as if it had been killed.
  void EndWithin(absl::Duration grace);

  // Whether Fail was called: also after Wait has returned, so that a failure while the process
  // drains does not end as success.
  bool failed() const;

 private:
  struct State;
  State* state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_SHUTDOWN_H_
