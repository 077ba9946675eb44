#include "services/rpc/grpc_time.h"

namespace marginalia {

gpr_timespec ToGrpcTime(SteadyTime time) {
  if (time == SteadyTime::Never()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  gpr_timespec made = gpr_time_from_nanos(time.Nanos(), GPR_TIMESPAN);
  made.clock_type = GPR_CLOCK_MONOTONIC;
  return made;
}

SteadyTime FromGrpcTime(gpr_timespec time) {
  const gpr_timespec steady = gpr_convert_clock_type(time, GPR_CLOCK_MONOTONIC);
  if (gpr_time_cmp(steady, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0) return SteadyTime::Never();
  return SteadyTime::SinceBoot(absl::Seconds(steady.tv_sec) + absl::Nanoseconds(steady.tv_nsec));
}

}  // namespace marginalia
