// How a process connects to the services that it calls, as its flags say.
#ifndef MARGINALIA_SERVICES_RPC_CLIENT_UPSTREAM_FLAGS_H_
#define MARGINALIA_SERVICES_RPC_CLIENT_UPSTREAM_FLAGS_H_

#include <string>
#include <string_view>

#include "services/net/tls.h"

namespace marginalia {

// Ends the process with 2 when one of --upstream_certificate_path and --upstream_key_path is given
// without the other or without --upstream_ca_path, and with 1 when the files will not do. After
// ParseConfigOrExit.
UpstreamTls UpstreamTlsFromFlags();

// `address` as it is. Ends the process with 2, naming `flag`, when it is no target (target.h).
std::string CheckedUpstreamAddress(std::string_view flag, const std::string& address);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_CLIENT_UPSTREAM_FLAGS_H_
