// A service behind the real gate and listener with TLS, in this process, and clients of it with
// whatever certificates. The service does nothing but pass the gate. Used by one thread.
#ifndef MARGINALIA_TESTS_TLS_SECURE_SERVER_H_
#define MARGINALIA_TESTS_TLS_SECURE_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "deploy/keys/token_mint.h"
#include "services/net/tls.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/temp_dir.h"
#include "tests/tls/certificate_authority.h"

namespace marginalia {

enum class Clients { kAnybody, kWithCertificate };

class SecureServer {
 public:
  SecureServer(const CertificateAuthority& authority, Clients clients,
               std::vector<std::string> service_client_names = {});

  const std::string& address() const { return server_->address(); }
  // Where the server reads its certificate and key from: one file.
  std::string identity_path() const { return directory_.File("server.pem"); }

  // Calls as a person or a service over a connection of its own.
  grpc::Status CallAs(const std::string& role, const UpstreamTls& tls);
  // The same with a call that streams.
  grpc::Status WatchAs(const std::string& role, const UpstreamTls& tls);
  void Prepare(grpc::ClientContext& context, const std::string& role) const;

  // How many calls the gate has refused for this reason.
  std::string Refusals(const std::string& reason) const;

 private:
  TempDir directory_;
  std::unique_ptr<TokenMint> mint_;
  std::unique_ptr<TokenVerifier> tokens_;
  Metrics metrics_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<GatedComments> service_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_TLS_SECURE_SERVER_H_
