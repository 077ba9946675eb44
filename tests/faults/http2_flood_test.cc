// What a client can do to a service below gRPC: frames of HTTP/2 (RFC 9113) by the ten thousand,
// from a peer that neither reads nor acknowledges anything.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/faults/flood_fixture.h"
#include "tests/gateway/raw_connection.h"
#include "tests/support/http2_frames.h"

namespace marginalia {
namespace {

constexpr int kPings = 100'000;
// What one connection would send, and how long its owner goes on with another one.
constexpr int kResetCalls = 100'000;
constexpr std::chrono::seconds kFlood{3};
// Whoever comes to reset no more than he may on a slow machine is not ended: then he goes on.
constexpr std::chrono::seconds kFloodMax{60};
constexpr int kFramesPerSend = 100;
// What a service may grow by while it is flooded.
constexpr std::int64_t kGrowthKibibytesMax = 256 * 1024;

class Http2FloodTest : public FloodFixture {
 protected:
  std::string CallHeaders() const {
    return GrpcHeaders("/marginalia.comments.v1.CommentsService/ListComments",
                       processes_.Token("mallory", "member", "rival"));
  }

  bool HasEndedOne() {
    const std::string metrics = ThreeProcesses::MetricsOf(processes_.comments());
    return metrics.find("marginalia_connections_ended_total ") != std::string::npos &&
           metrics.find("marginalia_connections_ended_total 0\n") == std::string::npos;
  }

  // Begins and resets calls until the server ends the connection.
  void ResetCallsUntilCut(std::string_view headers) {
    RawConnection connection(processes_.comments().address());
    int sent = 0;
    bool open = connection.Send(Http2Opening());
    while (open && sent < kResetCalls) {
      std::string calls;
      for (int i = 0; i < kFramesPerSend; ++i) calls += ResetCall(headers, sent++);
      open = connection.Send(calls);
      // The server stops reading from whoever does not take what it says.
      connection.Ignore();
    }
  }
};

TEST_F(Http2FloodTest, AFloodOfPingsEndsItsConnectionAndNoOther) {
  FloodBesideACaller(processes_.comments(), kGrowthKibibytesMax, [&] {
    RawConnection connection(processes_.comments().address());
    ASSERT_TRUE(connection.Send(Http2Opening()));
    std::string pings;
    for (int i = 0; i < kFramesPerSend; ++i) pings += Frame(FrameType::kPing, "12345678");
    bool open = true;
    for (int sent = 0; sent < kPings && open; sent += kFramesPerSend) open = connection.Send(pings);
    EXPECT_TRUE(connection.AwaitEnd());
  });
}

TEST_F(Http2FloodTest, RapidResetEndsItsConnectionsAndTakesBoundedMemory) {
  FloodBesideACaller(processes_.comments(), kGrowthKibibytesMax, [&] {
    const std::string headers = CallHeaders();
    const auto begun = std::chrono::steady_clock::now();
    const auto lasted = [&] { return std::chrono::steady_clock::now() - begun; };
    while (lasted() < kFlood || (!HasEndedOne() && lasted() < kFloodMax)) {
      ResetCallsUntilCut(headers);
    }
    // Whoever is cut off cannot come back at once.
    RawConnection next(processes_.comments().address());
    EXPECT_TRUE(next.AwaitEnd());
  });
  EXPECT_TRUE(HasEndedOne());
  EXPECT_TRUE(processes_.comments().log().WaitFor("resets calls faster").has_value());
}

}  // namespace
}  // namespace marginalia
