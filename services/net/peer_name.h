// The other end of a connection as gRPC and its channelz write it. Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_NET_PEER_NAME_H_
#define MARGINALIA_SERVICES_NET_PEER_NAME_H_

#include <sys/socket.h>

#include <string>
#include <string_view>

namespace marginalia {

// "ipv4:192.0.2.1:50000" or "ipv6:%5B2001:db8::1%5D:50000"; an address of IPv4 that came over IPv6
// is one of IPv4. Empty when it is neither.
std::string PeerName(const sockaddr_storage& address);

// The port of the same; 0 when it has none.
int PortOf(const sockaddr_storage& address);

// Without the port: all connections of a host have it in common. Of an address of IPv6 its /64,
// "ipv6:%5B2001:db8::%5D": whoever has one address of it mostly has all of them, and would be a new
// host with each connection.
std::string HostOf(std::string_view peer_name);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_PEER_NAME_H_
