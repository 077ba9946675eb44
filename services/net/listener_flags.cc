#include "services/net/listener_flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/process/log.h"
#include "services/process/or_exit.h"

ABSL_FLAG(std::string, tls_certificate_path, "",
          "PEM file with the certificate to serve TLS with, followed by those that lead to its "
          "authority. Read again when it changes. Empty: plain text.");
ABSL_FLAG(std::string, tls_key_path, "",
          "PEM file with the private key of --tls_certificate_path; may be the same file. Read "
          "again when it changes.");

namespace marginalia {
namespace {

bool IsLoopback(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "[::1]" || host.substr(0, 4) == "127.";
}

}  // namespace

TlsIdentity ListenerIdentityFromFlags(std::string_view address) {
  const TlsIdentity identity{.certificate_path = absl::GetFlag(FLAGS_tls_certificate_path),
                             .key_path = absl::GetFlag(FLAGS_tls_key_path)};
  if (identity.certificate_path.empty() && !identity.key_path.empty()) {
    ExitOnBadFlag("tls_certificate_path", "is needed with --tls_key_path");
  }
  if (identity.key_path.empty() && !identity.certificate_path.empty()) {
    ExitOnBadFlag("tls_key_path", "is needed with --tls_certificate_path");
  }
  if (identity.given()) {
    OrExit(ReadTlsIdentity(identity).status(), "--tls_certificate_path");
  } else if (!IsLoopback(address)) {
    Log(Severity::kWarning,
        "others than this machine can connect, and nothing is encrypted: set "
        "--tls_certificate_path and --tls_key_path, or let something in front do it",
        {{"listen_address", address}});
  }
  return identity;
}

}  // namespace marginalia
