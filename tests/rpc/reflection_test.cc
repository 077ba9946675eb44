#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "services/rpc/client/channel.h"
#include "services/rpc/server/server.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;

// The messages of the reflection service, whose generated headers the library does not ship.
std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& name) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          "grpc.reflection.v1alpha." + name);
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

// Asks the server's reflection service; request and answer in text format.
std::string AskReflection(const std::string& address, const std::string& question) {
  const auto request = NewMessage("ServerReflectionRequest");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(question, request.get()));
  const grpc::Slice slice(request->SerializeAsString());
  const grpc::ByteBuffer sent(&slice, 1);

  grpc::GenericStub stub(ConnectTo(address));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto await = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  grpc::ByteBuffer received;
  grpc::Status status;
  call->StartCall(nullptr);
  EXPECT_TRUE(await());
  call->Write(sent, nullptr);
  EXPECT_TRUE(await());
  call->Read(&received, nullptr);
  EXPECT_TRUE(await());
  call->WritesDone(nullptr);
  EXPECT_TRUE(await());
  call->Finish(&status, nullptr);
  EXPECT_TRUE(await());
  EXPECT_TRUE(status.ok()) << status.error_message();

  grpc::Slice whole;
  received.DumpToSingleSlice(&whole);
  const auto response = NewMessage("ServerReflectionResponse");
  response->ParseFromArray(whole.begin(), static_cast<int>(whole.size()));
  return response->ShortDebugString();
}

TEST(ReflectionTest, TheServicesAreListedAndHealthIsDescribed) {
  const auto server = RpcServer::Start({"127.0.0.1:0"}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string services = AskReflection((*server)->address(), "list_services: ''");
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
  EXPECT_THAT(services, HasSubstr("grpc.channelz.v1.Channelz"));
  EXPECT_THAT(
      AskReflection((*server)->address(), "file_containing_symbol: 'grpc.health.v1.Health'"),
      HasSubstr("HealthCheckRequest"));
}

}  // namespace
}  // namespace marginalia
