#include "services/rpc/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/server/health.h"
#include "services/rpc/shield/channelz.h"
#include "tests/gateway/raw_connection.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/await.h"
#include "tests/support/http2_frames.h"
#include "tests/support/tcp_proxy.h"

namespace marginalia {
namespace {

namespace api = comments::v1;
namespace health = grpc::health::v1;
using ::testing::HasSubstr;

constexpr char kCommentsService[] = "marginalia.comments.v1.CommentsService";

health::HealthCheckResponse::ServingStatus HealthOf(GatedServer& server,
                                                    const std::string& service) {
  grpc::ClientContext context;
  health::HealthCheckRequest request;
  request.set_service(service);
  health::HealthCheckResponse response;
  health::Health::NewStub(server.channel)->Check(&context, request, &response);
  return response.status();
}

grpc::Status Add(GatedServer& server, std::size_t body_bytes = 0) {
  grpc::ClientContext context;
  PrepareCall(context, server.Token("member"), "", SteadyTime::Now() + absl::Seconds(30));
  api::AddCommentRequest request;
  request.set_body(std::string(body_bytes, 'x'));
  api::AddCommentResponse response;
  return server.stub->AddComment(&context, request, &response);
}

TEST(RpcServerTest, HealthServesEachServiceAndTheWhole) {
  GatedServer server;
  EXPECT_EQ(HealthOf(server, ""), health::HealthCheckResponse::SERVING);
  EXPECT_EQ(HealthOf(server, kCommentsService), health::HealthCheckResponse::SERVING);
  server.server->SetServing(false);
  EXPECT_EQ(HealthOf(server, ""), health::HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(HealthOf(server, kCommentsService), health::HealthCheckResponse::NOT_SERVING);
}

TEST(RpcServerTest, ATakenAddressIsRefusedByName) {
  GatedServer server;
  const auto second = RpcServer::Start({server.server->address()}, {});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(server.server->address()));
}

TEST(RpcServerTest, AnAddressThatIsNoneIsRefusedByName) {
  for (const char* address :
       {"nonsense", "127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:http", "203.0.113.7:0"}) {
    const auto server = RpcServer::Start({address}, {});
    ASSERT_FALSE(server.ok());
    EXPECT_THAT(std::string(server.status().message()), HasSubstr(address));
  }
}

TEST(RpcServerTest, AMessageBeyondTheLimitIsRefusedAndTheServerGoesOn) {
  GatedServer server;
  EXPECT_TRUE(Add(server, kReceivedBytesMax / 2).ok());
  EXPECT_EQ(Add(server, kReceivedBytesMax + 1).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Add(server).ok());
}

TEST(RpcServerTest, ACallHearsThatItsClientHasGivenItUp) {
  GatedServer server;
  server.service.hold = true;
  grpc::ClientContext context;
  PrepareCall(context, server.Token("member"), "", SteadyTime::Now() + absl::Seconds(30));
  std::thread caller([&] {
    api::AddCommentResponse response;
    EXPECT_EQ(server.stub->AddComment(&context, {}, &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  EXPECT_TRUE(Await([&server] { return server.service.held_calls() == 1; }));
  EXPECT_EQ(server.service.cancelled_calls(), 0U);
  context.TryCancel();
  EXPECT_TRUE(Await([&server] { return server.service.cancelled_calls() == 1; }));
  server.service.Release(absl::CancelledError("given up"));
  caller.join();
}

TEST(RpcServerTest, ACallHearsThatItsConnectionHasEnded) {
  GatedServer server;
  server.service.hold = true;
  TcpProxy proxy;
  proxy.LeadTo(server.server->address());
  const auto stub = api::CommentsService::NewStub(ConnectTo(proxy.address(), {}));
  std::thread caller([&] {
    grpc::ClientContext context;
    PrepareCall(context, server.Token("member"), "", SteadyTime::Now() + absl::Seconds(30));
    api::AddCommentResponse response;
    EXPECT_FALSE(stub->AddComment(&context, {}, &response).ok());
  });
  EXPECT_TRUE(Await([&server] { return server.service.held_calls() == 1; }));
  proxy.Cut();
  EXPECT_TRUE(Await([&server] { return server.service.cancelled_calls() == 1; }));
  server.service.Release(absl::CancelledError("given up"));
  caller.join();
}

TEST(RpcServerTest, DrainLetsCallsInFlightFinishAndTakesNoNewOnes) {
  GatedServer server;
  server.service.hold = true;
  std::thread caller([&server] { EXPECT_TRUE(Add(server).ok()); });
  ASSERT_TRUE(Await([&server] { return server.service.held_calls() == 1; }));

  std::atomic<bool> drained = false;
  std::thread draining([&] {
    server.server->Drain([] {});
    drained = true;
  });
  const auto refuses_new_calls = [&server] {
    grpc::ClientContext context;
    // Time enough for the retries.
    PrepareCall(context, server.Token("member"), "", SteadyTime::Now() + absl::Seconds(3));
    api::ListThreadCountsResponse response;
    return server.stub->ListThreadCounts(&context, {}, &response).error_code() ==
           grpc::StatusCode::UNAVAILABLE;
  };
  EXPECT_TRUE(Await(refuses_new_calls));
  EXPECT_FALSE(drained);
  server.service.Release(absl::OkStatus());
  caller.join();
  draining.join();
}

TEST(RpcServerTest, DrainSaysNotServingBeforeStreamsEndThemselves) {
  GatedServer server;
  grpc::ClientContext context;
  PrepareCall(context, server.Token("viewer"), "", SteadyTime::Now() + absl::Seconds(30));
  const auto stream = server.stub->WatchEvents(&context, {});
  stream->WaitForInitialMetadata();

  server.server->Drain([&server] {
    EXPECT_EQ(HealthOf(server, kCommentsService), health::HealthCheckResponse::NOT_SERVING);
    server.service.EndStreams(
        Refusal(absl::StatusCode::kUnavailable, "DRAINING", "the server is stopping"));
  });
  const absl::Status ended = FromGrpc(stream->Finish());
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(ended), "DRAINING");
}

TEST(RpcServerTest, DrainEndsAfterTheGracePeriodEvenWhenACallHangs) {
  GatedServer server({}, {"127.0.0.1:0", absl::Milliseconds(100)});
  server.service.hold = true;
  std::thread caller([&server] { EXPECT_FALSE(Add(server).ok()); });
  ASSERT_TRUE(Await([&server] { return server.service.held_calls() == 1; }));
  std::thread draining([&server] { server.server->Drain([] {}); });
  caller.join();
  server.service.Release(absl::OkStatus());
  draining.join();
}

TEST(RpcServerTest, HealthOfAnUnknownServiceIsNotFound) {
  GatedServer server;
  grpc::ClientContext context;
  health::HealthCheckRequest request;
  request.set_service("no.such.Service");
  health::HealthCheckResponse response;
  EXPECT_EQ(
      health::Health::NewStub(server.channel)->Check(&context, request, &response).error_code(),
      grpc::StatusCode::NOT_FOUND);
}

TEST(RpcServerTest, AHealthWatcherSeesEveryChangeAndDoesNotHoldUpTheDrain) {
  GatedServer server({}, {"127.0.0.1:0", absl::Seconds(20)});
  grpc::ClientContext context;
  const auto stub = health::Health::NewStub(server.channel);
  const auto watch = stub->Watch(&context, {});
  health::HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);
  server.server->SetServing(false);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::NOT_SERVING);
  server.server->SetServing(true);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);

  const SteadyTime start = SteadyTime::Now();
  server.server->Drain([] {});
  EXPECT_LT(SteadyTime::Now() - start, absl::Seconds(10));
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(RpcServerTest, NoHostTakesAllPlacesOfHealthWatchers) {
  GatedServer server;
  const auto stub = health::Health::NewStub(server.channel);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<health::HealthCheckResponse>>> watches;
  const auto is_served = [&] {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    watches.push_back(stub->Watch(contexts.back().get(), {}));
    health::HealthCheckResponse response;
    return watches.back()->Read(&response);
  };
  for (std::size_t i = 0; i < kHealthWatchersPerHostMax; ++i) ASSERT_TRUE(is_served());
  ASSERT_FALSE(is_served());
  EXPECT_EQ(watches.back()->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  RawConnection other(server.server->address(), 0, "127.0.0.2");
  ASSERT_TRUE(other.Send(GrpcCall("/grpc.health.v1.Health/Watch", "")));
  const std::string serving("\x00\x00\x00\x00\x02\x08\x01", 7);
  EXPECT_NE(other.ReadUntil(serving), "");
  for (const auto& context : contexts) context->TryCancel();
}

TEST(RpcServerTest, AHealthWatcherHasNoLongNameKept) {
  GatedServer server;
  const auto stub = health::Health::NewStub(server.channel);
  health::HealthCheckRequest request;
  const auto status = [&] {
    grpc::ClientContext context;
    const auto watch = stub->Watch(&context, request);
    health::HealthCheckResponse response;
    if (watch->Read(&response)) context.TryCancel();
    return watch->Finish().error_code();
  };
  request.set_service(std::string(kHealthServiceBytesMax, 's'));
  EXPECT_EQ(status(), grpc::StatusCode::CANCELLED);
  request.mutable_service()->push_back('s');
  EXPECT_EQ(status(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(RpcServerTest, HealthWatchersThatLeaveAreForgotten) {
  GatedServer server;
  const auto stub = health::Health::NewStub(server.channel);
  for (std::size_t i = 0; i < kHealthWatchersMax + 10; ++i) {
    const auto is_served = [&stub] {
      grpc::ClientContext context;
      const auto watch = stub->Watch(&context, {});
      health::HealthCheckResponse response;
      const bool served = watch->Read(&response);
      context.TryCancel();
      watch->Finish();
      return served;
    };
    ASSERT_TRUE(Await(is_served));
  }
}

TEST(ServersBeingMadeTest, AreLookedAtByNobodyBeforeTheyAreWhole) {
  std::atomic<bool> made = false;
  std::thread counting([&] {
    while (!made) CallsNotAnswered();
  });
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(RpcServer::Start({.address = "127.0.0.1:0"}, {}).ok());
  }
  made = true;
  counting.join();
}

}  // namespace
}  // namespace marginalia
