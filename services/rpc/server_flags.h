// How a service listens, as its flags say.
#ifndef MARGINALIA_SERVICES_RPC_SERVER_FLAGS_H_
#define MARGINALIA_SERVICES_RPC_SERVER_FLAGS_H_

#include <string>

#include "absl/flags/declare.h"
#include "services/rpc/server.h"

ABSL_DECLARE_FLAG(std::string, tls_client_ca_path);

namespace marginalia {

// Ends the process with 2 when --tls_client_ca_path is given without a certificate of our own, and
// as ListenerIdentityFromFlags does. After ParseConfigOrExit.
RpcServerOptions ServerFromFlags(std::string address);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SERVER_FLAGS_H_
