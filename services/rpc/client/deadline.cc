#include "services/rpc/client/deadline.h"

#include <algorithm>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"

namespace marginalia {

absl::StatusOr<SteadyTime> DeadlineUpstream(SteadyTime callers, absl::Duration limit) {
  const SteadyTime now = SteadyTime::Now();
  if (callers - kDeadlineMargin <= now) {
    return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_NEAR",
                   "too little of the deadline is left to ask another service: allow more time");
  }
  return std::min(callers - kDeadlineMargin, now + limit);
}

}  // namespace marginalia
