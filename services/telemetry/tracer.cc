#include "services/telemetry/tracer.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "services/process/random_bits.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

void Count(Counter* counter, std::size_t spans) {
  if (counter != nullptr && spans > 0) counter->Add(static_cast<std::int64_t>(spans));
}

}  // namespace

Tracer::Tracer(double sample_ratio, Send send, TracerCounters counters)
    : sampled_below_(sample_ratio >= 1 ? 0
                                       : static_cast<std::uint64_t>(std::ldexp(sample_ratio, 64))),
      samples_all_(sample_ratio >= 1),
      send_(std::move(send)),
      counters_(counters),
      thread_([this] { Work(); }) {}

Tracer::~Tracer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    flush_until_ = SteadyTime::Now() + kFlushWaitMax;
  }
  changed_.notify_one();
  thread_.join();
}

bool Tracer::SamplesNewTrace() const { return samples_all_ || RandomBits() < sampled_below_; }

void Tracer::Record(Span span) {
  std::size_t queued = 0;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < kSpansQueuedMax) {
      queue_.push_back(std::move(span));
      queued = queue_.size();
    }
  }
  if (queued == 0) return Count(counters_.dropped_queue_full, 1);
  // In between the thread waits for a batch to fill.
  if (queued == 1 || queued == kSpansPerBatchMax) changed_.notify_one();
}

void Tracer::Work() {
  for (std::vector<Span> batch = Take(); !batch.empty(); batch = Take()) Export(batch);
}

std::vector<Span> Tracer::Take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !queue_.empty() || stopping_; });
  changed_.wait_for(lock, absl::ToChronoMilliseconds(kBatchWaitMax),
                    [this] { return queue_.size() >= kSpansPerBatchMax || stopping_; });
  const auto end =
      queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), kSpansPerBatchMax));
  std::vector<Span> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return batch;
}

void Tracer::Export(const std::vector<Span>& batch) {
  SteadyTime until;
  {
    const std::lock_guard lock(mutex_);
    until = std::min(SteadyTime::Now() + kExportWaitMax, flush_until_);
  }
  const absl::Duration wait = until - SteadyTime::Now();
  const std::size_t taken =
      wait > absl::ZeroDuration() ? std::min(send_(batch, wait), batch.size()) : 0;
  Count(counters_.exported, taken);
  Count(counters_.dropped_not_taken, batch.size() - taken);
}

}  // namespace marginalia
