#include "services/net/paused_peers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

#include "services/net/peer_name.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

sockaddr_storage Ipv6(const char* host, int port) {
  sockaddr_storage address{};
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address);
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(static_cast<std::uint16_t>(port));
  EXPECT_EQ(inet_pton(AF_INET6, host, &ipv6.sin6_addr), 1);
  return address;
}

sockaddr_storage Ipv4(const char* host, int port) {
  sockaddr_storage address{};
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(address);
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(static_cast<std::uint16_t>(port));
  EXPECT_EQ(inet_pton(AF_INET, host, &ipv4.sin_addr), 1);
  return address;
}

TEST(PeerNameTest, APeerIsWrittenAsGrpcWritesIt) {
  EXPECT_EQ(PeerName(Ipv4("192.0.2.1", 50000)), "ipv4:192.0.2.1:50000");
  EXPECT_EQ(PeerName(Ipv6("2001:db8::1", 50000)), "ipv6:%5B2001:db8::1%5D:50000");
  EXPECT_EQ(PeerName(Ipv6("::ffff:192.0.2.1", 50000)), "ipv4:192.0.2.1:50000");
  EXPECT_EQ(PeerName(sockaddr_storage{}), "");
  EXPECT_EQ(PortOf(Ipv6("2001:db8::1", 50000)), 50000);
}

TEST(PeerNameTest, AHostIsAnAddressOrTheNetworkThatItsHolderChoosesAddressesFrom) {
  EXPECT_EQ(HostOf("ipv4:192.0.2.1:50000"), "ipv4:192.0.2.1");
  EXPECT_EQ(HostOf("ipv6:%5B2001:db8::1%5D:50000"), "ipv6:%5B2001:db8::%5D");
  EXPECT_EQ(HostOf("ipv6:%5B2001:db8::ffff:1:2:3%5D:1"), "ipv6:%5B2001:db8::%5D");
  EXPECT_EQ(HostOf("ipv6:%5B2001:db8:0:1::1%5D:1"), "ipv6:%5B2001:db8:0:1::%5D");
  EXPECT_EQ(HostOf("ipv6:%5Bfe80::1%25eth0%5D:1"), "ipv6:%5Bfe80::1%25eth0%5D");
  EXPECT_EQ(HostOf("ipv6:%5D:1"), "ipv6:%5D");
  EXPECT_EQ(HostOf(""), "");
}

TEST(PausedPeersTest, AHostIsKeptOutWithAllItsPortsForAMoment) {
  PausedPeers peers;
  peers.Pause("ipv6:%5B2001:db8::1%5D:50000");
  EXPECT_TRUE(peers.Contains("ipv6:%5B2001:db8::1%5D:50001"));
  EXPECT_TRUE(peers.Contains("ipv6:%5B2001:db8::2%5D:50000"));
  EXPECT_FALSE(peers.Contains("ipv6:%5B2001:db8:0:1::1%5D:50000"));
  EXPECT_FALSE(peers.Contains(""));
  EXPECT_TRUE(Await([&peers] { return !peers.Contains("ipv6:%5B2001:db8::1%5D:50001"); }));
}

TEST(PausedPeersTest, NoMoreHostsAreRememberedThanTheLimit) {
  PausedPeers peers;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 2 * kPausedPeersMax; ++i) {
    const std::string peer = "ipv4:" + std::to_string(i) + ":1";
    peers.Pause(peer);
    if (peers.Contains(peer)) ++kept;
  }
  EXPECT_EQ(kept, kPausedPeersMax);
}

}  // namespace
}  // namespace marginalia
