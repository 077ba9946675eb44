#include "services/rpc/server/server_flags.h"

#include <utility>

#include "absl/flags/flag.h"
#include "services/net/listener_flags.h"
#include "services/process/config.h"
#include "services/process/or_exit.h"
#include "services/process/service_flags.h"

ABSL_FLAG(
    std::string, tls_client_ca_path, "",
    "PEM file with the authorities of clients: each client must present a certificate that "
    "one of them has signed. Read again when it changes. Empty: clients need no certificate.");
ABSL_FLAG(std::string, probe_address, "",
          "host:port of a second listener, in plain text, that serves health (grpc.health.v1) and "
          "nothing else: for probes that cannot speak TLS. Empty: none.");
ABSL_FLAG(absl::Duration, connection_age_max, absl::Minutes(5),
          "A client is asked to connect anew when its connection is this old, give or take a "
          "tenth, so that new replicas get their part of the calls; inf: never. "
          "Calls under way may end; streams are cut 30 s later and resume.");

namespace marginalia {
namespace {

const FlagBounds kConnectionAge("connection_age_max", kConnectionAgeMaxLeast, kConnectionAgeMaxMost,
                                FlagBounds::Infinite::kAllowed);

}  // namespace

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
  options.probe_address = absl::GetFlag(FLAGS_probe_address);
  options.connection_age_max = absl::GetFlag(FLAGS_connection_age_max);
  return options;
}

}  // namespace marginalia
