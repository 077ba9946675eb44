// Ctrl-C: every loop of the benchmark asks Interrupted() and ends early, so that the processes it
// started are stopped in the ordinary way. Thread-safe.
#ifndef MARGINALIA_TESTS_BENCH_INTERRUPT_H_
#define MARGINALIA_TESTS_BENCH_INTERRUPT_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace marginalia::bench {

// Called once, first thing in main.
void CatchInterrupts();

bool Interrupted();

// CANCELLED once interrupted.
absl::Status CheckInterrupt();

// Sleeps, or less when interrupted.
void Pause(absl::Duration duration);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_INTERRUPT_H_
