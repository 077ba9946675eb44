#include "services/net/peer_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

constexpr std::string_view kIpv6Begin = "ipv6:%5B";
constexpr std::string_view kIpv6End = "%5D";
// Of an address of IPv6: what names the network.
constexpr std::ptrdiff_t kNetworkBytes = 8;

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

std::string HostOf(std::string_view peer_name) {
  const std::string host(peer_name.substr(0, peer_name.rfind(':')));
  if (host.size() < kIpv6Begin.size() + kIpv6End.size() || !host.starts_with(kIpv6Begin)) {
    return host;
  }
  const std::string address =
      host.substr(kIpv6Begin.size(), host.size() - kIpv6Begin.size() - kIpv6End.size());
  in6_addr network{};
  if (inet_pton(AF_INET6, address.c_str(), &network) != 1) return host;
  std::fill(network.s6_addr + kNetworkBytes, std::end(network.s6_addr), std::uint8_t{0});
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &network, text, sizeof(text));
  return absl::StrCat(std::string(kIpv6Begin), text, std::string(kIpv6End));
}

}  // namespace marginalia
