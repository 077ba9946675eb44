#include "tests/bench/interrupt.h"

#include <signal.h>

#include <algorithm>
#include <atomic>

#include "absl/time/clock.h"
#include "services/process/stopwatch.h"

namespace marginalia::bench {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "A signal handler sets it.");

constexpr absl::Duration kPauseStep = absl::Milliseconds(50);

}  // namespace

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  // A second Ctrl-C ends the process at once; its children die with it.
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool Interrupted() { return interrupted; }

absl::Status CheckInterrupt() {
  return Interrupted() ? absl::CancelledError("interrupted") : absl::OkStatus();
}

void Pause(absl::Duration duration) {
  const SteadyTime until = SteadyTime::Now() + duration;
  while (!Interrupted() && SteadyTime::Now() < until) {
    absl::SleepFor(std::min(kPauseStep, until - SteadyTime::Now()));
  }
}

}  // namespace marginalia::bench
