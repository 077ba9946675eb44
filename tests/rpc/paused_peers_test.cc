#include "services/net/paused_peers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

#include "services/net/peer_name.h"

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
  SteadyTime now = SteadyTime::Now();
  PausedPeers peers([&now] { return now; });
  peers.Pause("ipv6:%5B2001:db8::1%5D:50000");
  EXPECT_TRUE(peers.Contains("ipv6:%5B2001:db8::1%5D:50001"));
  EXPECT_TRUE(peers.Contains("ipv6:%5B2001:db8::2%5D:50000"));
  EXPECT_FALSE(peers.Contains("ipv6:%5B2001:db8:0:1::1%5D:50000"));
  EXPECT_FALSE(peers.Contains(""));
  now += kPeerPause;
  EXPECT_FALSE(peers.Contains("ipv6:%5B2001:db8::1%5D:50001"));
}

// Until when the host, whose connection is ended now, is kept out.
absl::Duration PauseOf(PausedPeers& peers, SteadyTime& now) {
  constexpr absl::Duration kStep = absl::Milliseconds(100);
  peers.Pause("ipv4:192.0.2.1:50000");
  absl::Duration pause;
  for (; peers.Contains("ipv4:192.0.2.1:50001") && pause < 2 * kPeerPauseMax; pause += kStep) {
    now += kStep;
  }
  return pause;
}

TEST(PausedPeersTest, WhoComesBackToFloodIsKeptOutForTwiceAsLongUpToALimit) {
  SteadyTime now = SteadyTime::Now();
  PausedPeers peers([&now] { return now; });
  for (absl::Duration pause = kPeerPause; pause < kPeerPauseMax; pause *= 2) {
    EXPECT_EQ(PauseOf(peers, now), pause);
  }
  EXPECT_EQ(PauseOf(peers, now), kPeerPauseMax);
  EXPECT_EQ(PauseOf(peers, now), kPeerPauseMax);
  now += kPeerPauseMemory;
  EXPECT_EQ(PauseOf(peers, now), kPeerPause);
}

TEST(PausedPeersTest, OtherConnectionsOfTheSameFloodMakeThePauseNoLonger) {
  SteadyTime now = SteadyTime::Now();
  PausedPeers peers([&now] { return now; });
  peers.Pause("ipv4:192.0.2.1:50000");
  now += kPeerPause / 2;
  peers.Pause("ipv4:192.0.2.1:50001");
  now += kPeerPause / 2;
  EXPECT_FALSE(peers.Contains("ipv4:192.0.2.1:50002"));
}

TEST(PausedPeersTest, HostsBeyondTheLimitAreLetInAgain) {
  SteadyTime now = SteadyTime::Now();
  PausedPeers peers([&now] { return now; });
  const auto host = [](std::size_t number) { return "ipv4:" + std::to_string(number) + ":1"; };
  for (std::size_t i = 0; i <= kPausedPeersMax; ++i) peers.Pause(host(i));
  EXPECT_FALSE(peers.Contains(host(0)));
  EXPECT_TRUE(peers.Contains(host(1)));
  EXPECT_TRUE(peers.Contains(host(kPausedPeersMax)));
}

}  // namespace
}  // namespace marginalia
