// What a client can do to a service below gRPC: frames of HTTP/2 (RFC 9113) by the ten thousand,
// from a peer that neither reads nor acknowledges anything.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "services/rpc/client/channel.h"
#include "tests/faults/endless_uploads.h"
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

// A host that is not the caller's.
constexpr char kFloodsFrom[] = "127.0.0.2";
constexpr std::size_t kUploaders = 8;
constexpr int kCallsOfUploader = 20;
// Nobody has cut them off by then, and nobody will.
constexpr std::uint64_t kUploadedBytesMax = 1536ULL * 1024 * 1024;
constexpr std::size_t kLargeRequestBytes = 20 * 1024 * 1024;
constexpr int kLargeCallers = 6;
constexpr int kLargeRequestsOfEach = 4;

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

  // Sends of messages that are to be so long all but the last byte, without a token, over several
  // connections at once until each is cut.
  void UploadUntilCut(std::uint32_t declared) {
    const std::string headers =
        GrpcHeaders("/marginalia.comments.v1.CommentsService/ListComments", "none");
    std::vector<std::unique_ptr<EndlessUploads>> uploads;
    for (std::size_t i = 0; i < kUploaders; ++i) {
      uploads.push_back(std::make_unique<EndlessUploads>(processes_.comments().address(), headers,
                                                         kCallsOfUploader, declared, kFloodsFrom));
    }
    std::uint64_t sent = 0;
    while (!uploads.empty() && sent < kUploadedBytesMax) {
      std::erase_if(uploads, [&](const auto& upload) {
        const std::uint64_t before = upload->sent();
        const bool open = upload->SendMore();
        sent += upload->sent() - before;
        return !open;
      });
    }
    EXPECT_EQ(uploads.size(), 0u);
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

TEST_F(Http2FloodTest, MessagesThatNeverEndEndTheirConnectionsAndTakeBoundedMemory) {
  FloodBesideACaller(processes_.comments(), kGrowthKibibytesMax,
                     [&] { UploadUntilCut(30 * 1024 * 1024); });
  EXPECT_TRUE(processes_.comments().log().WaitFor("messages that do not end").has_value());
}

TEST_F(Http2FloodTest, MessagesThatSayToHaveFourGibibytesAreNoDifferent) {
  FloodBesideACaller(processes_.comments(), kGrowthKibibytesMax,
                     [&] { UploadUntilCut(std::numeric_limits<std::uint32_t>::max()); });
}

TEST_F(Http2FloodTest, ManyLargeRequestsAtOnceOverOneConnectionAreAllAnswered) {
  const auto stub =
      comments::v1::CommentsService::NewStub(ConnectTo(processes_.comments().address()));
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(std::string(kLargeRequestBytes, 'x'));
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kLargeCallers; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < kLargeRequestsOfEach; ++i) {
        grpc::ClientContext context;
        processes_.Prepare(context, processes_.Token("dana", "member"));
        comments::v1::ListCommentsResponse response;
        const grpc::Status status = stub->ListComments(&context, request, &response);
        EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
            << status.error_message();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_FALSE(HasEndedOne());
}

}  // namespace
}  // namespace marginalia
