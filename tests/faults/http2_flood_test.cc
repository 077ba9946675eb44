// What a client can do to a service below gRPC: frames of HTTP/2 (RFC 9113) by the ten thousand,
// from a peer that neither reads nor acknowledges anything.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "tests/gateway/raw_connection.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

constexpr int kPings = 100'000;
constexpr int kFramesPerSend = 100;
// What a service may grow by while it is flooded.
constexpr std::int64_t kGrowthKibibytesMax = 256 * 1024;

enum class FrameType : char { kSettings = 4, kPing = 6 };

std::string BigEndian(std::uint32_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(number >> shift));
  }
  return text;
}

// A frame of the connection itself, without flags.
std::string Frame(FrameType type, std::string_view payload) {
  std::string frame = BigEndian(static_cast<std::uint32_t>(payload.size()), 3);
  frame += {static_cast<char>(type), '\0'};
  return frame.append(BigEndian(0, 4)).append(payload);
}

std::int64_t ResidentKibibytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoll(line.substr(6));
  }
  ADD_FAILURE() << "no resident size of process " << pid;
  return 0;
}

class Http2FloodTest : public testing::Test {
 protected:
  // A connection that has said what HTTP/2 begins with, and will acknowledge nothing.
  std::string Opening() const {
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(FrameType::kSettings, "");
  }

  bool CallsAreAnswered() {
    grpc::ClientContext context;
    processes_.Prepare(context, processes_.Token("dana", "member"));
    comments::v1::ListCommentsRequest request;
    request.set_invoice_id(invoice_);
    comments::v1::ListCommentsResponse response;
    return processes_.comments_stub().ListComments(&context, request, &response).ok();
  }

  // Runs `flood` while somebody else calls, whose every call must be answered.
  template <class Flood>
  void FloodBesideACaller(Flood flood) {
    ASSERT_TRUE(CallsAreAnswered());
    const pid_t pid = processes_.comments().pid();
    const std::int64_t before = ResidentKibibytes(pid);
    std::atomic<bool> over = false;
    std::atomic<int> answered = 0;
    std::atomic<int> failed = 0;
    std::thread caller([&] {
      do {
        ++(CallsAreAnswered() ? answered : failed);
      } while (!over);
    });
    flood();
    over = true;
    caller.join();
    EXPECT_EQ(failed, 0) << "of " << answered + failed << " calls";
    EXPECT_LT(ResidentKibibytes(pid) - before, kGrowthKibibytesMax);
    EXPECT_EQ(processes_.comments().pid(), pid);
    EXPECT_TRUE(CallsAreAnswered());
  }

  ThreeProcesses processes_;
  const std::string invoice_ = processes_.NewInvoice("INV-1");
};

TEST_F(Http2FloodTest, AFloodOfPingsEndsItsConnectionAndNoOther) {
  FloodBesideACaller([&] {
    RawConnection connection(processes_.comments().address());
    ASSERT_TRUE(connection.Send(Opening()));
    std::string pings;
    for (int i = 0; i < kFramesPerSend; ++i) pings += Frame(FrameType::kPing, "12345678");
    bool open = true;
    for (int sent = 0; sent < kPings && open; sent += kFramesPerSend) open = connection.Send(pings);
    EXPECT_TRUE(connection.AwaitEnd());
  });
}

}  // namespace
}  // namespace marginalia
