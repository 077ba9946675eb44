// Connections that reach their age: clients connect anew and no call notices.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "tests/rpc/counted_replica.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

RpcServerOptions ShortLived(absl::Duration grace) {
  RpcServerOptions options{"127.0.0.1:0"};
  options.connection_age_max = absl::Milliseconds(100);
  options.connection_age_grace = grace;
  return options;
}

TEST(ConnectionAgeTest, ClientsMoveToNewConnectionsAndNoCallFails) {
  CountedReplica replica([](int) { return grpc::Status::OK; }, ShortLived(absl::Minutes(1)));
  const auto channel = ConnectTo(replica.address());
  EXPECT_TRUE(Await([&] {
    const grpc::Status status = Get(channel);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return replica.connections() >= 4;
  }));
  // Not one was tried twice: those that met the end of a connection went on by the next one.
}

TEST(ConnectionAgeTest, ACallInFlightFinishesOnTheConnectionThatHasReachedItsAge) {
  CountedReplica replica([](int) { return grpc::Status::OK; }, ShortLived(absl::Minutes(1)));
  const auto channel = ConnectTo(replica.address());
  replica.Hold();
  std::thread caller([&channel] {
    const grpc::Status status = Get(channel);
    EXPECT_TRUE(status.ok()) << status.error_message();
  });
  EXPECT_TRUE(Await([&replica] { return replica.held() == 1; }));
  // Calls that come by another connection say that the first one has been given up.
  std::vector<std::thread> others;
  EXPECT_TRUE(Await([&] {
    if (replica.held() == others.size() + 1) {
      others.emplace_back([&channel] { EXPECT_TRUE(Get(channel).ok()); });
    }
    return replica.connections() >= 2;
  }));
  const int asked = replica.calls();
  replica.Release();
  caller.join();
  for (std::thread& other : others) other.join();
  EXPECT_LE(replica.calls(), asked + 1);
}

TEST(ConnectionAgeTest, AStreamIsCutAfterTheGraceAsUnavailable) {
  GatedServer server({}, ShortLived(absl::Milliseconds(100)));
  grpc::ClientContext context;
  PrepareCall(context, server.Token("viewer"), "", SteadyTime::Now() + absl::Seconds(30));
  const auto stream = server.stub->WatchEvents(&context, {});
  stream->WaitForInitialMetadata();
  comments::v1::WatchEventsResponse message;
  while (stream->Read(&message)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace marginalia
