#include "services/rpc/client/upstream_flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/process/or_exit.h"
#include "services/rpc/client/target.h"

ABSL_FLAG(std::string, upstream_ca_path, "",
          "PEM file with the authorities of the services that this process calls, which it then "
          "calls over TLS; their certificates must carry the host of their address. Read again "
          "when it changes. Empty: plain text.");
ABSL_FLAG(std::string, upstream_certificate_path, "",
          "PEM file with the certificate that this process presents to the services it calls. Read "
          "again when it changes.");
ABSL_FLAG(std::string, upstream_key_path, "",
          "PEM file with the private key of --upstream_certificate_path; may be the same file. "
          "Read again when it changes.");

namespace marginalia {

UpstreamTls UpstreamTlsFromFlags() {
  UpstreamTls tls;
  tls.ca_path = absl::GetFlag(FLAGS_upstream_ca_path);
  tls.identity.certificate_path = absl::GetFlag(FLAGS_upstream_certificate_path);
  tls.identity.key_path = absl::GetFlag(FLAGS_upstream_key_path);
  if (tls.identity.certificate_path.empty() && !tls.identity.key_path.empty()) {
    ExitOnBadFlag("upstream_certificate_path", "is needed with --upstream_key_path");
  }
  if (tls.identity.key_path.empty() && !tls.identity.certificate_path.empty()) {
    ExitOnBadFlag("upstream_key_path", "is needed with --upstream_certificate_path");
  }
  if (tls.identity.given()) {
    if (tls.ca_path.empty()) {
      ExitOnBadFlag("upstream_ca_path", "is needed with --upstream_certificate_path");
    }
    OrExit(ReadTlsIdentity(tls.identity).status(), "--upstream_certificate_path");
  }
  if (!tls.ca_path.empty()) OrExit(CheckAuthorities(tls.ca_path), "--upstream_ca_path");
  return tls;
}

std::string CheckedUpstreamAddress(std::string_view flag, const std::string& address) {
  const absl::Status checked = TargetOf(address).status();
  if (!checked.ok()) ExitOnBadFlag(flag, std::string(checked.message()));
  return address;
}

}  // namespace marginalia
