// Where a client connects to, as a flag says it. Pure function, thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_CLIENT_TARGET_H_
#define MARGINALIA_SERVICES_RPC_CLIENT_TARGET_H_

#include <string>

#include "absl/status/statusor.h"

namespace marginalia {

// The gRPC target for `address`, which is one of
//   host:port               a name leads to all its addresses
//   dns:///host:port        the same
//   ip:port,ip:port…        these replicas; all IPv4 or all [IPv6]
//   ipv4:…, ipv6:…, unix:…  as gRPC has them
// INVALID_ARGUMENT, naming the part that will not do.
absl::StatusOr<std::string> TargetOf(const std::string& address);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_CLIENT_TARGET_H_
