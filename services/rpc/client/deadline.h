// What of a caller's deadline goes to a call that is made on the way. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_CLIENT_DEADLINE_H_
#define MARGINALIA_SERVICES_RPC_CLIENT_DEADLINE_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// Kept back, to answer in when the call upstream does not come back.
inline constexpr absl::Duration kDeadlineMargin = absl::Milliseconds(50);

// The deadline of a call upstream: `callers` less the margin, at most `limit` from now.
// DEADLINE_EXCEEDED, reason DEADLINE_TOO_NEAR, when nothing is left: such a call could only fail.
absl::StatusOr<SteadyTime> DeadlineUpstream(SteadyTime callers, absl::Duration limit);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_CLIENT_DEADLINE_H_
