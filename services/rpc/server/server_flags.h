// How a service listens, as its flags say.
#ifndef MARGINALIA_SERVICES_RPC_SERVER_SERVER_FLAGS_H_
#define MARGINALIA_SERVICES_RPC_SERVER_SERVER_FLAGS_H_

#include <string>

#include "absl/flags/declare.h"
#include "absl/time/time.h"
#include "services/rpc/server/server.h"

ABSL_DECLARE_FLAG(std::string, tls_client_ca_path);
ABSL_DECLARE_FLAG(std::string, probe_address);
ABSL_DECLARE_FLAG(absl::Duration, connection_age_max);

namespace marginalia {

// The shortest --connection_age_max: below it clients would be busy connecting.
inline constexpr absl::Duration kConnectionAgeMaxLeast = absl::Seconds(1);
inline constexpr absl::Duration kConnectionAgeMaxMost = absl::Hours(24 * 20);

// Ends the process with 2 when --tls_client_ca_path is given without a certificate of our own or
// --connection_age_max is out of bounds, and as ListenerIdentityFromFlags does. After
// ParseConfigOrExit.
RpcServerOptions ServerFromFlags(std::string address);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SERVER_SERVER_FLAGS_H_
