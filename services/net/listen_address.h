// The host:port that a listener is told to bind. Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_NET_LISTEN_ADDRESS_H_
#define MARGINALIA_SERVICES_NET_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/status.h"

namespace marginalia {

// INVALID_ARGUMENT, naming it, when it is not host:port with a port from 0 to 65535: gRPC would
// take a port that is too large for another one.
absl::Status CheckListenAddress(const std::string& address);

// UNAVAILABLE, naming it.
absl::Status CannotListen(const std::string& address);

// `address` with the port that it was bound to.
std::string BoundAddress(const std::string& address, int port);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_LISTEN_ADDRESS_H_
