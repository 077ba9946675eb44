// absl::Status <-> grpc::Status, details included (google.rpc.Status in grpc-status-details-bin).
#ifndef MARGINALIA_SERVICES_RPC_GRPC_STATUS_H_
#define MARGINALIA_SERVICES_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace marginalia {

// A status without ErrorInfo gets one: an error that nobody named is INTERNAL to the caller, its
// message goes to the log only.
grpc::Status ToGrpc(const absl::Status& status);

absl::Status FromGrpc(const grpc::Status& status);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GRPC_STATUS_H_
