// What the thread that reads a stream hands to the projector: bounded, so that a projector that
// falls behind holds the stream back instead of growing. One thread pushes, one pops, any may wake.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_BATCH_QUEUE_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_BATCH_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/projection/event_source.h"
#include "services/process/stopwatch.h"

namespace marginalia {

inline constexpr std::size_t kBatchesQueuedMax = 64;

class BatchQueue {
 public:
  // Waits for room. False: the queue is closed, read no further.
  bool Push(EventBatch batch);

  // Waits for batches, at most until `until` or the next Wake, and takes up to `limit` of those
  // that are there; none when none came. Once they are used up, fails as the queue was closed.
  absl::StatusOr<std::vector<EventBatch>> Pop(std::size_t limit, SteadyTime until);

  // No batch will follow: `status` says why. The first one counts.
  void Close(absl::Status status);
  // Makes Pop return at once, now or when it is next called.
  void Wake();
  // Empty and open again, for another stream.
  void Reopen();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<EventBatch> batches_;
  absl::Status closed_;
  bool woken_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_BATCH_QUEUE_H_
