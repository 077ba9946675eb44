// absl::Status <-> grpc::Status, details included (google.rpc.Status in grpc-status-details-bin).
#ifndef MARGINALIA_SERVICES_RPC_GRPC_STATUS_H_
#define MARGINALIA_SERVICES_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace marginalia {

// Whether only the log may know what happened: INTERNAL, UNKNOWN, and every error that nobody named
// (without ErrorInfo) but CANCELLED and DEADLINE_EXCEEDED.
bool IsForLogOnly(const absl::Status& status);

// What the caller may know of `status`: an internal error becomes INTERNAL with a message that says
// nothing.
absl::Status PublicStatus(const absl::Status& status);

// PublicStatus(status) with all its details. Does not log: the gate does (AdmittedCall::Ended).
grpc::Status ToGrpc(const absl::Status& status);

// The transport's own UNAVAILABLE and DEADLINE_EXCEEDED, which come without details, get a reason
// here (UPSTREAM_UNAVAILABLE and the code's name) and lose the addresses in their messages. A
// CANCELLED without details counts as UNAVAILABLE: gRPC 1.51 ends calls so that reach a server
// between its shutdown and the client's learning of it.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GRPC_STATUS_H_
