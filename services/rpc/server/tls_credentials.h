// What gRPC is given to speak TLS: version 1.2 or 1.3, with certificates that are read again, once
// a second, so that they can be replaced while the process runs. Connections that are open then
// stay open. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_SERVER_TLS_CREDENTIALS_H_
#define MARGINALIA_SERVICES_RPC_SERVER_TLS_CREDENTIALS_H_

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "services/net/tls.h"

namespace marginalia {

std::shared_ptr<grpc::ServerCredentials> CredentialsFor(const ListenerTls& tls);

// The server's certificate must also carry the host that is connected to.
std::shared_ptr<grpc::ChannelCredentials> CredentialsFor(const UpstreamTls& tls);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SERVER_TLS_CREDENTIALS_H_
