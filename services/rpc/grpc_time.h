// Steady time as gRPC has it, whose own timers run by the monotonic clock. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_GRPC_TIME_H_
#define MARGINALIA_SERVICES_RPC_GRPC_TIME_H_

#include <grpc/support/time.h>

#include "services/process/stopwatch.h"

namespace marginalia {

// Never is gRPC's infinite future.
gpr_timespec ToGrpcTime(SteadyTime time);
SteadyTime FromGrpcTime(gpr_timespec time);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GRPC_TIME_H_
