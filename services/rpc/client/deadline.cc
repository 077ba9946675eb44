#include "services/rpc/client/deadline.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "services/errors/errors.h"

namespace marginalia {

absl::StatusOr<absl::Time> DeadlineUpstream(absl::Time callers, absl::Duration limit) {
  const absl::Time now = absl::Now();
  if (callers - kDeadlineMargin <= now) {
    return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_NEAR",
                   "too little of the deadline is left to ask another service: allow more time");
  }
  return std::min(callers - kDeadlineMargin, now + limit);
}

}  // namespace marginalia
