// How fast a process lets tenants and persons call, as its flags say.
#ifndef MARGINALIA_SERVICES_RPC_GATE_RATE_FLAGS_H_
#define MARGINALIA_SERVICES_RPC_GATE_RATE_FLAGS_H_

#include "services/rpc/gate/rate_limits.h"

namespace marginalia {

// Ends the process with 2 when a rate is out of range. After ParseConfigOrExit.
RateLimitOptions RatesFromFlags();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_RATE_FLAGS_H_
