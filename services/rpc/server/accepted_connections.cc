#include "services/rpc/server/accepted_connections.h"

#include <utility>

namespace marginalia {

Listener::Accepted AcceptedConnections(grpc::ServerBuilder& builder,
                                       std::shared_ptr<grpc::ServerCredentials> credentials) {
  auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      std::move(credentials));
  return [acceptor = std::move(acceptor)](int socket) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = socket;
    acceptor->HandleNewConnection(&connection);
  };
}

}  // namespace marginalia
