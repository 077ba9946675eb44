// How a process admits calls, as its flags say.
#ifndef MARGINALIA_SERVICES_RPC_GATE_GATE_FLAGS_H_
#define MARGINALIA_SERVICES_RPC_GATE_GATE_FLAGS_H_

#include "services/rpc/gate/gate.h"

namespace marginalia {

// Ends the process with 2 when a number of places or a rate is out of range. After
// ParseConfigOrExit.
GateOptions GateFromFlags();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_GATE_FLAGS_H_
