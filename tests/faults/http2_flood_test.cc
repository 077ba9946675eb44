// What a client can do to a service below gRPC: frames of HTTP/2 (RFC 9113) by the ten thousand,
// from a peer that neither reads nor acknowledges anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/faults/flood_fixture.h"
#include "tests/gateway/raw_connection.h"

namespace marginalia {
namespace {

constexpr int kPings = 100'000;
// What one connection would send, and how long its owner goes on with another one.
constexpr int kResetCalls = 100'000;
constexpr std::chrono::seconds kFlood{3};
constexpr int kFramesPerSend = 100;
// What a service may grow by while it is flooded.
constexpr std::int64_t kGrowthKibibytesMax = 256 * 1024;

enum class FrameType : char { kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6 };
constexpr char kEndHeaders = 4;
constexpr std::uint32_t kCancel = 8;

std::string BigEndian(std::uint32_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(number >> shift));
  }
  return text;
}

// Stream 0 is the connection itself.
std::string Frame(FrameType type, std::string_view payload, char flags = 0,
                  std::uint32_t stream = 0) {
  std::string frame = BigEndian(static_cast<std::uint32_t>(payload.size()), 3);
  frame += {static_cast<char>(type), flags};
  return frame.append(BigEndian(stream, 4)).append(payload);
}

// A text without Huffman coding, shorter than 32 KiB (RFC 7541, 5.1 and 5.2).
std::string HpackText(std::string_view text) {
  std::string coded;
  std::size_t length = text.size();
  if (length < 127) {
    coded.push_back(static_cast<char>(length));
  } else {
    coded.push_back(127);
    for (length -= 127; length >= 128; length /= 128) {
      coded.push_back(static_cast<char>(length % 128 + 128));
    }
    coded.push_back(static_cast<char>(length));
  }
  return coded.append(text);
}

// A field that nobody remembers (RFC 7541, 6.2.2).
std::string HpackField(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + HpackText(name) + HpackText(value);
}

// Call `number`, begun and reset at once.
std::string ResetCall(std::string_view headers, int number) {
  const auto stream = static_cast<std::uint32_t>(2 * number + 1);
  return Frame(FrameType::kHeaders, headers, kEndHeaders, stream) +
         Frame(FrameType::kReset, BigEndian(kCancel, 4), 0, stream);
}

class Http2FloodTest : public FloodFixture {
 protected:
  // What a connection says first that will acknowledge nothing.
  static std::string Opening() {
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(FrameType::kSettings, "");
  }

  std::string CallHeaders() const {
    return HpackField(":method", "POST") + HpackField(":scheme", "http") +
           HpackField(":path", "/marginalia.comments.v1.CommentsService/ListComments") +
           HpackField(":authority", "localhost") + HpackField("te", "trailers") +
           HpackField("content-type", "application/grpc") +
           HpackField("authorization", "Bearer " + processes_.Token("mallory", "member", "rival"));
  }

  // Begins and resets calls until the server ends the connection.
  void ResetCallsUntilCut(std::string_view headers) {
    RawConnection connection(processes_.comments().address());
    int sent = 0;
    bool open = connection.Send(Opening());
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
    ASSERT_TRUE(connection.Send(Opening()));
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
    const auto until = std::chrono::steady_clock::now() + kFlood;
    while (std::chrono::steady_clock::now() < until) ResetCallsUntilCut(headers);
    // Whoever is cut off cannot come back at once.
    RawConnection next(processes_.comments().address());
    EXPECT_TRUE(next.AwaitEnd());
  });
  EXPECT_THAT(ThreeProcesses::MetricsOf(processes_.comments()),
              testing::Not(testing::HasSubstr("marginalia_connections_ended_total 0\n")));
  EXPECT_TRUE(processes_.comments().log().WaitFor("resets calls faster").has_value());
}

}  // namespace
}  // namespace marginalia
