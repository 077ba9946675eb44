// How connections that a Listener accepts come to a gRPC server, whose own acceptor knows neither
// shares of hosts nor files kept back.
#ifndef MARGINALIA_SERVICES_RPC_SERVER_ACCEPTED_CONNECTIONS_H_
#define MARGINALIA_SERVICES_RPC_SERVER_ACCEPTED_CONNECTIONS_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <memory>

#include "services/net/listener.h"

namespace marginalia {

// What the listener's Start is to be given once the server that is built runs.
Listener::Accepted AcceptedConnections(grpc::ServerBuilder& builder,
                                       std::shared_ptr<grpc::ServerCredentials> credentials);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SERVER_ACCEPTED_CONNECTIONS_H_
