// Takes the spans that ended, and sends them to a collector in batches from a thread of its own. A
// call never waits for it: what does not fit into the queue, or cannot be sent, is dropped and
// counted. Owned by main; thread-safe.
#ifndef MARGINALIA_SERVICES_TELEMETRY_TRACER_H_
#define MARGINALIA_SERVICES_TELEMETRY_TRACER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"
#include "services/telemetry/metrics.h"
#include "services/telemetry/span.h"

namespace marginalia {

inline constexpr std::size_t kSpansQueuedMax = 4096;
inline constexpr std::size_t kSpansPerBatchMax = 512;
// A span waits so long for others to go with it.
inline constexpr absl::Duration kBatchWaitMax = absl::Seconds(1);
// A collector may take so long for a batch.
inline constexpr absl::Duration kExportWaitMax = absl::Seconds(3);
// What is queued when the process ends is sent within this time, or not at all; a batch that is
// under way then keeps its own.
inline constexpr absl::Duration kFlushWaitMax = absl::Seconds(2);

// Where the tracer counts spans; each may be null.
struct TracerCounters {
  Counter* exported = nullptr;
  Counter* dropped_queue_full = nullptr;
  Counter* dropped_not_taken = nullptr;
};

class Tracer {
 public:
  // Sends a batch, waiting no longer than the time given. Returns how many spans the collector has
  // taken. Called on the tracer's thread.
  using Send = absl::AnyInvocable<std::size_t(const std::vector<Span>&, absl::Duration)>;

  // `sample_ratio` of the traces that begin here are recorded: from 0 to 1.
  Tracer(double sample_ratio, Send send, TracerCounters counters);
  // Sends what is queued; takes at most kFlushWaitMax, or kExportWaitMax with a batch under way.
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // Whether a trace that begins here is recorded.
  bool SamplesNewTrace() const;

  void Record(Span span);

 private:
  void Work();
  // Waits for a batch. Empty: there will be no more.
  std::vector<Span> Take();
  void Export(const std::vector<Span>& batch);

  // A trace is recorded when its random bits are below it.
  const std::uint64_t sampled_below_;
  const bool samples_all_;
  Send send_;
  const TracerCounters counters_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Span> queue_;                       // guarded by mutex_
  bool stopping_ = false;                         // guarded by mutex_
  SteadyTime flush_until_ = SteadyTime::Never();  // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_TRACER_H_
