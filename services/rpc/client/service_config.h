// How clients should call the services: proto/service_config.json as it was built in. Our own
// channels use it, and the gateway hands it out to others. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_CLIENT_SERVICE_CONFIG_H_
#define MARGINALIA_SERVICES_RPC_CLIENT_SERVICE_CONFIG_H_

#include <string_view>

namespace marginalia {

// A gRPC service config in JSON.
std::string_view ServiceConfigDocument();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_CLIENT_SERVICE_CONFIG_H_
