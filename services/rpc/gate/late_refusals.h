// Tells refusals late. Whoever has had too much and calls again as soon as he is answered would
// otherwise be refused as fast as the machine can, which costs nearly what answering him does.
// Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_GATE_LATE_REFUSALS_H_
#define MARGINALIA_SERVICES_RPC_GATE_LATE_REFUSALS_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"

namespace marginalia {

inline constexpr absl::Duration kLateRefusalDelay = absl::Milliseconds(100);
// Beyond so many that are to be told, the next ones are told at once.
inline constexpr std::size_t kLateRefusalsMax = 4096;

class LateRefusals {
 public:
  LateRefusals();
  // What has not been told is not told any more.
  ~LateRefusals();
  LateRefusals(const LateRefusals&) = delete;

  // The services': it tells everything that it was given.
  static LateRefusals& OfProcess();

  // Whether a refusal is for what this caller or his host has had too much of.
  static bool ComesLate(const absl::Status& refused);

  // Calls `tell` once: kLateRefusalDelay later on its thread, which must not be kept waiting, when
  // the refusal comes late; else, or when there is no room, before it returns.
  void Tell(const absl::Status& refused, absl::AnyInvocable<void()> tell);

 private:
  struct Waiting {
    SteadyTime due;
    absl::AnyInvocable<void()> tell;
  };

  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;  // guarded by mutex_; in the order in which they are due
  bool ending_ = false;          // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_LATE_REFUSALS_H_
