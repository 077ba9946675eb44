#include "services/net/peer_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

const sockaddr_in& AsIpv4(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr_in&>(address);
}
const sockaddr_in6& AsIpv6(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr_in6&>(address);
}

}  // namespace

std::string PeerName(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN];
  const int port = PortOf(address);
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &AsIpv4(address).sin_addr, text, sizeof(text));
    return absl::StrCat("ipv4:", text, ":", port);
  }
  if (address.ss_family != AF_INET6) return "";
  const in6_addr& host = AsIpv6(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&host)) {
    inet_ntop(AF_INET, host.s6_addr + 12, text, sizeof(text));
    return absl::StrCat("ipv4:", text, ":", port);
  }
  inet_ntop(AF_INET6, &host, text, sizeof(text));
  return absl::StrCat("ipv6:%5B", text, "%5D:", port);
}

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return ntohs(AsIpv4(address).sin_port);
  return address.ss_family == AF_INET6 ? ntohs(AsIpv6(address).sin6_port) : 0;
}

std::string_view HostOf(std::string_view peer_name) {
  return peer_name.substr(0, peer_name.rfind(':'));
}

}  // namespace marginalia
