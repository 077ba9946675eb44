#include "services/rpc/server/tls_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace marginalia {
namespace {

namespace tls_api = grpc::experimental;

constexpr unsigned int kReadAgainSeconds = 1;

std::shared_ptr<tls_api::CertificateProviderInterface> Watched(const TlsIdentity& identity,
                                                               const std::string& ca_path) {
  return std::make_shared<tls_api::FileWatcherCertificateProvider>(
      identity.key_path, identity.certificate_path, ca_path, kReadAgainSeconds);
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> CredentialsFor(const ListenerTls& tls) {
  if (!tls.identity.given()) return grpc::InsecureServerCredentials();
  tls_api::TlsServerCredentialsOptions options(Watched(tls.identity, tls.client_ca_path));
  options.watch_identity_key_cert_pairs();
  if (!tls.client_ca_path.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls_api::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsFor(const UpstreamTls& tls) {
  if (tls.ca_path.empty()) return grpc::InsecureChannelCredentials();
  tls_api::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watched(tls.identity, tls.ca_path));
  options.watch_root_certs();
  if (tls.identity.given()) options.watch_identity_key_cert_pairs();
  return tls_api::TlsCredentials(options);
}

}  // namespace marginalia
