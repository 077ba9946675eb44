// The real comments-service, invoice-service and gateway, with TLS on every way between them,
// client certificates asked for, and services known by name. Their files are those that an operator
// would replace. Used by one thread; what it gives out may be used by many.
#ifndef MARGINALIA_TESTS_TLS_SECURE_PROCESSES_H_
#define MARGINALIA_TESTS_TLS_SECURE_PROCESSES_H_

#include <memory>
#include <string>
#include <vector>

#include "deploy/keys/token_mint.h"
#include "services/net/tls.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"
#include "tests/support/three_processes.h"
#include "tests/tls/certificate_authority.h"
#include "tests/tls/tls_client.h"

namespace marginalia {

class SecureProcesses {
 public:
  // Starts all three and waits until the gateway is ready.
  explicit SecureProcesses(const CertificateAuthority& authority);

  // Replaces the certificates of all, and whom all believe, in one step: a directory changes.
  void Replace(const CertificateAuthority& identities,
               const std::vector<const CertificateAuthority*>& believed);

  // What a client may present: "person", and the processes' own "gateway" and "invoice-service".
  // The files change with Replace.
  UpstreamTls As(const std::string& name) const;
  // What all believe now, in PEM.
  std::string Authorities() const;

  const std::string& comments_address() const { return comments_.address(); }
  const std::string& invoices_address() const { return invoices_.address(); }
  const std::string& gateway_address() const { return gateway_.address(); }

  // Ends every connection between the processes; they may connect again at once.
  void CutTheWaysBetween();

  std::string Token(const std::string& role) const;
  // Sets the token of a member or another role, and a deadline.
  void Prepare(grpc::ClientContext& context, const std::string& role) const;
  // Creates an invoice as a person and returns its id.
  std::string NewInvoice(const std::string& number) const;
  // A request to the gateway as a member, and its answer: status, head and body.
  std::string Get(TlsClient& client, const std::string& target) const;
  std::string Post(TlsClient& client, const std::string& target, const std::string& json) const;
  std::unique_ptr<TlsClient> ConnectToGateway() const;

 private:
  std::string File(const std::string& name) const;
  std::vector<std::string> FlagsOf(const std::string& name) const;

  TempDir directory_;
  std::unique_ptr<TokenMint> mint_;
  int replacements_ = 0;
  TcpProxy comments_front_, invoices_front_;
  ProcessUnderTest comments_, invoices_, gateway_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_TLS_SECURE_PROCESSES_H_
