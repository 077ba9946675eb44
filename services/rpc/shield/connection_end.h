// The end of a connection that gRPC serves, without its help: it has no way to end one of many.
#ifndef MARGINALIA_SERVICES_RPC_SHIELD_CONNECTION_END_H_
#define MARGINALIA_SERVICES_RPC_SHIELD_CONNECTION_END_H_

#include <string_view>

namespace marginalia {

// Shuts down the socket of this process between `peer`, written as channelz writes it, and the
// local port, and throws away what it has received and nobody has read. gRPC then finds the
// connection closed by its client. False: there is none that is open. Thread-safe. Looks at every
// file descriptor of the process.
bool EndConnection(std::string_view peer, int local_port);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_CONNECTION_END_H_
