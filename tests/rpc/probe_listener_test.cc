// The listener for probes: health as the main listener says it, and nothing else.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "services/net/paused_peers.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "tests/gateway/raw_connection.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace health = grpc::health::v1;
using ServingStatus = health::HealthCheckResponse::ServingStatus;
using testing::HasSubstr;

constexpr ServingStatus kServing = health::HealthCheckResponse::SERVING;
constexpr ServingStatus kNotServing = health::HealthCheckResponse::NOT_SERVING;

RpcServerOptions WithProbes() {
  RpcServerOptions options{"127.0.0.1:0"};
  options.probe_address = "127.0.0.1:0";
  return options;
}

class ProbeListenerTest : public testing::Test {
 protected:
  // As a platform asks: without a token.
  ServingStatus Probe(const std::string& service) {
    grpc::ClientContext context;
    PrepareCall(context, "", "", SteadyTime::Now() + absl::Seconds(30));
    health::HealthCheckRequest request;
    request.set_service(service);
    health::HealthCheckResponse response;
    const grpc::Status status =
        health::Health::NewStub(probes_)->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status();
  }

  // How an empty request to `method` ends there.
  grpc::StatusCode CodeOf(const std::string& method) {
    grpc::GenericStub stub(probes_);
    grpc::ClientContext context;
    PrepareCall(context, server_.Token("admin"), "", SteadyTime::Now() + absl::Seconds(30));
    grpc::CompletionQueue queue;
    const grpc::Slice empty;
    const auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&empty, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status.error_code();
  }

  GatedServer server_{{}, WithProbes()};
  const std::shared_ptr<grpc::Channel> probes_ =
      grpc::CreateChannel(server_.server->probe_address(), grpc::InsecureChannelCredentials());
};

TEST_F(ProbeListenerTest, ItSaysWhatTheMainListenerSays) {
  constexpr char kCommentsService[] = "marginalia.comments.v1.CommentsService";
  EXPECT_EQ(Probe(""), kServing);
  EXPECT_EQ(Probe(kCommentsService), kServing);
  server_.server->SetServing(false);
  EXPECT_EQ(Probe(""), kNotServing);
  EXPECT_EQ(Probe(kCommentsService), kNotServing);
}

TEST_F(ProbeListenerTest, NothingElseIsReachableThere) {
  for (const char* method : {"/marginalia.comments.v1.CommentsService/AddComment",
                             "/marginalia.comments.v1.CommentsService/ListThreadCounts",
                             "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                             "/grpc.channelz.v1.Channelz/GetServers"}) {
    EXPECT_EQ(CodeOf(method), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
  EXPECT_EQ(CodeOf("/grpc.health.v1.Health/Check"), grpc::StatusCode::OK);
}

TEST_F(ProbeListenerTest, WhileTheServerDrainsItSaysNotServing) {
  server_.service.hold = true;
  std::thread caller([this] {
    grpc::ClientContext context;
    PrepareCall(context, server_.Token("member"), "", SteadyTime::Now() + absl::Seconds(30));
    comments::v1::AddCommentResponse response;
    EXPECT_TRUE(server_.stub->AddComment(&context, {}, &response).ok());
  });
  EXPECT_TRUE(Await([this] { return server_.service.held_calls() == 1; }));
  std::thread draining([this] { server_.server->Drain([] {}); });
  EXPECT_TRUE(Await([this] { return Probe("") == kNotServing; }));
  server_.service.Release(absl::OkStatus());
  caller.join();
  draining.join();
  EXPECT_EQ(Probe(""), kNotServing);
}

// The main listener's rules for connections hold there: this is the one that is seen at once.
TEST_F(ProbeListenerTest, AHostThatIsKeptOutIsKeptOutThereToo) {
  constexpr char kKeptOut[] = "127.0.0.9";
  // Whoever says nothing is cut off after 5 s in any case; one is kept out for a second, in which a
  // machine may stand still.
  EXPECT_TRUE(Await([&] {
    PausedPeers::OfProcess().Pause("ipv4:127.0.0.9:1");
    const Stopwatch since;
    return RawConnection(server_.server->probe_address(), 0, kKeptOut).AwaitEnd() &&
           since.elapsed() < absl::Seconds(4);
  }));
  EXPECT_EQ(Probe(""), kServing);
}

TEST_F(ProbeListenerTest, AnAddressThatCannotBeBoundIsRefusedByName) {
  for (const std::string& address : {server_.server->probe_address(), std::string("nonsense")}) {
    RpcServerOptions options{"127.0.0.1:0"};
    options.probe_address = address;
    const auto other = RpcServer::Start(options, {});
    ASSERT_FALSE(other.ok());
    EXPECT_THAT(std::string(other.status().message()), HasSubstr(address));
  }
}

}  // namespace
}  // namespace marginalia
