#include "services/rpc/server_flags.h"

#include <utility>

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/process/or_exit.h"
#include "services/process/service_flags.h"
#include "services/rpc/listener_flags.h"

ABSL_FLAG(
    std::string, tls_client_ca_path, "",
    "PEM file with the authorities of clients: each client must present a certificate that "
    "one of them has signed. Read again when it changes. Empty: clients need no certificate.");

namespace marginalia {

RpcServerOptions ServerFromFlags(std::string address) {
  RpcServerOptions options;
  options.tls.identity = ListenerIdentityFromFlags(address);
  options.tls.client_ca_path = absl::GetFlag(FLAGS_tls_client_ca_path);
  if (!options.tls.client_ca_path.empty()) {
    if (!options.tls.identity.given()) {
      ExitOnBadFlag("tls_client_ca_path", "needs --tls_certificate_path and --tls_key_path");
    }
    OrExit(CheckAuthorities(options.tls.client_ca_path), "--tls_client_ca_path");
  }
  options.address = std::move(address);
  options.drain_grace = absl::GetFlag(FLAGS_drain_grace);
  return options;
}

}  // namespace marginalia
