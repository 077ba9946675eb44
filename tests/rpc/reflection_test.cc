#include "services/rpc/reflection/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/gate/late_refusals.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/reflection/descriptions.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

constexpr char kCommentsService[] = "marginalia.comments.v1.CommentsService";

template <class Contract, class Request, class Response>
struct Version {
  using Stub = typename Contract::Stub;
  using Question = Request;
  using Reply = Response;
  static std::unique_ptr<Stub> NewStub(const std::shared_ptr<grpc::Channel>& channel) {
    return Contract::NewStub(channel);
  }
};
using V1 =
    Version<grpc::reflection::v1::ServerReflection, grpc::reflection::v1::ServerReflectionRequest,
            grpc::reflection::v1::ServerReflectionResponse>;
using V1Alpha = Version<grpc::reflection::v1alpha::ServerReflection,
                        grpc::reflection::v1alpha::ServerReflectionRequest,
                        grpc::reflection::v1alpha::ServerReflectionResponse>;

// A server with reflection, and streams to it.
template <class V>
class ReflectionTest : public testing::Test {
 protected:
  using Question = typename V::Question;
  using Reply = typename V::Reply;

  class Stream {
   public:
    Stream(typename V::Stub& stub, const std::string& token) {
      PrepareCall(context_, token, "", SteadyTime::Now() + absl::Seconds(60));
      stream_ = stub.ServerReflectionInfo(&context_);
    }
    // False when the stream has ended.
    bool Ask(const Question& question, Reply& reply) {
      return stream_->Write(question) && stream_->Read(&reply);
    }
    absl::Status End() {
      stream_->WritesDone();
      return FromGrpc(stream_->Finish());
    }

   private:
    grpc::ClientContext context_;
    decltype(std::declval<typename V::Stub>().ServerReflectionInfo(nullptr)) stream_;
  };

  void SetUp() override { StartWith(kReflectionIdleMax); }
  void TearDown() override { reflection_->End(); }

  void StartWith(absl::Duration idle_max) {
    stub_.reset();
    server_.reset();
    reflection_ = std::make_unique<Reflection>(
        gated_.gate, std::vector<std::string>{kCommentsService}, idle_max);
    server_ = *RpcServer::Start({"127.0.0.1:0"}, reflection_->services());
    channel_ = ConnectTo(server_->address());
    stub_ = V::NewStub(channel_);
  }

  Stream Open() { return Stream(*stub_, gated_.Token("viewer")); }
  Reply Answered(const Question& question) {
    Stream stream = Open();
    Reply reply;
    EXPECT_TRUE(stream.Ask(question, reply));
    EXPECT_TRUE(stream.End().ok());
    return reply;
  }

  GatedServer gated_;
  std::unique_ptr<Reflection> reflection_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<typename V::Stub> stub_;
};
using Versions = testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionTest, Versions);

TYPED_TEST(ReflectionTest, TheServicesAreListed) {
  typename TypeParam::Question question;
  question.set_list_services("");
  std::vector<std::string> names;
  const auto listed = this->Answered(question);
  for (const auto& service : listed.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names,
              IsSupersetOf({std::string(kCommentsService), std::string("grpc.health.v1.Health"),
                            std::string("grpc.reflection.v1.ServerReflection"),
                            std::string("grpc.reflection.v1alpha.ServerReflection")}));
}

TYPED_TEST(ReflectionTest, ASymbolsFileComesWithAllThatItImports) {
  for (const char* symbol :
       {kCommentsService, "marginalia.comments.v1.Comment", "grpc.health.v1.Health"}) {
    typename TypeParam::Question question;
    question.set_file_containing_symbol(symbol);
    std::set<std::string> names;
    std::set<std::string> imported;
    const auto described = this->Answered(question);
    for (const std::string& encoded :
         described.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      ASSERT_TRUE(file.ParseFromString(encoded));
      names.insert(file.name());
      imported.insert(file.dependency().begin(), file.dependency().end());
    }
    ASSERT_FALSE(names.empty()) << symbol;
    for (const std::string& name : imported) EXPECT_TRUE(names.contains(name)) << name;
  }
}

TYPED_TEST(ReflectionTest, FilesAndExtensionsAreFoundByNameAndNumber) {
  typename TypeParam::Question question;
  question.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  const auto numbers = this->Answered(question).all_extension_numbers_response();
  ASSERT_GT(numbers.extension_number_size(), 0);
  auto* extension = question.mutable_file_containing_extension();
  extension->set_containing_type("google.protobuf.MethodOptions");
  extension->set_extension_number(numbers.extension_number(0));
  EXPECT_GT(this->Answered(question).file_descriptor_response().file_descriptor_proto_size(), 0);
  question.set_file_by_filename("marginalia/comments/v1/comment.proto");
  EXPECT_GT(this->Answered(question).file_descriptor_response().file_descriptor_proto_size(), 0);
}

TYPED_TEST(ReflectionTest, WhatDoesNotExistIsSaidAndTheStreamGoesOn) {
  auto stream = this->Open();
  typename TypeParam::Reply reply;
  for (int i = 0; i < 3; ++i) {
    typename TypeParam::Question question;
    question.set_file_containing_symbol("no.such.Symbol");
    ASSERT_TRUE(stream.Ask(question, reply));
    EXPECT_EQ(reply.error_response().error_code(), static_cast<int>(absl::StatusCode::kNotFound));
  }
  typename TypeParam::Question question;
  ASSERT_TRUE(stream.Ask(question, reply));
  EXPECT_EQ(reply.error_response().error_code(),
            static_cast<int>(absl::StatusCode::kUnimplemented));
  question.set_file_by_filename(std::string(kReflectionNameBytesMax + 1, 'x'));
  ASSERT_TRUE(stream.Ask(question, reply));
  EXPECT_EQ(reply.error_response().error_code(),
            static_cast<int>(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(stream.End().ok());
}

TYPED_TEST(ReflectionTest, WithoutATokenNothingIsTold) {
  typename TypeParam::Question question;
  question.set_list_services("");
  for (const auto& [token, reason] :
       {std::pair{"", "TOKEN_MISSING"}, std::pair{"a.b.c", "TOKEN_INVALID"}}) {
    typename ReflectionTest<TypeParam>::Stream stream(*this->stub_, token);
    typename TypeParam::Reply reply;
    EXPECT_FALSE(stream.Ask(question, reply));
    const absl::Status ended = stream.End();
    EXPECT_EQ(ended.code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(ReasonOf(ended), reason);
  }
}

// One for as many streams as a caller may have.
std::string OrgOf(std::size_t stream) {
  return "org" + std::to_string(stream / kReflectionStreamsPerCallerMax);
}

TYPED_TEST(ReflectionTest, StreamsAreBounded) {
  typename TypeParam::Question question;
  question.set_list_services("");
  typename TypeParam::Reply reply;
  std::vector<std::unique_ptr<typename ReflectionTest<TypeParam>::Stream>> open;
  for (std::size_t i = 0; i < kReflectionStreamsMax; ++i) {
    open.push_back(std::make_unique<typename ReflectionTest<TypeParam>::Stream>(
        *this->stub_, this->gated_.Token("viewer", OrgOf(i))));
    ASSERT_TRUE(open.back()->Ask(question, reply));
  }
  auto further = this->Open();
  EXPECT_FALSE(further.Ask(question, reply));
  EXPECT_EQ(ReasonOf(further.End()), "TOO_MANY_REFLECTION_STREAMS");
  EXPECT_TRUE(open.back()->End().ok());
  open.pop_back();
  EXPECT_TRUE(Await([this] { return this->reflection_->streams() < kReflectionStreamsMax; }));
  EXPECT_GT(this->Answered(question).list_services_response().service_size(), 0);
}

TYPED_TEST(ReflectionTest, OneCallerTakesNotAllStreamsAndIsToldLate) {
  typename TypeParam::Question question;
  question.set_list_services("");
  typename TypeParam::Reply reply;
  std::vector<std::unique_ptr<typename ReflectionTest<TypeParam>::Stream>> open;
  for (int i = 0; i < kReflectionStreamsPerCallerMax; ++i) {
    open.push_back(std::make_unique<typename ReflectionTest<TypeParam>::Stream>(
        *this->stub_, this->gated_.Token("viewer")));
    ASSERT_TRUE(open.back()->Ask(question, reply));
  }
  const Stopwatch since;
  auto further = this->Open();
  EXPECT_FALSE(further.Ask(question, reply));
  const absl::Status refused = further.End();
  EXPECT_GE(since.elapsed(), kLateRefusalDelay);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_REFLECTION_STREAMS");
  EXPECT_EQ(ErrorMetadataOf(refused, "limit"), "caller");
  typename ReflectionTest<TypeParam>::Stream other(*this->stub_,
                                                   this->gated_.Token("viewer", "rivalworks"));
  EXPECT_TRUE(other.Ask(question, reply));
}

TEST(DescriptionsTest, AFileIsEncodedOnce) {
  const auto first = FilesOfFile("marginalia/comments/v1/comment.proto");
  const auto second = FilesOfFile("marginalia/comments/v1/comment.proto");
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_EQ(first->size(), second->size());
  for (std::size_t i = 0; i < first->size(); ++i) {
    EXPECT_EQ((*first)[i].data(), (*second)[i].data());
  }
}

TYPED_TEST(ReflectionTest, AnIdleStreamIsEnded) {
  this->StartWith(absl::Milliseconds(100));
  auto stream = this->Open();
  EXPECT_TRUE(Await([this] { return this->reflection_->streams() == 1; }));
  EXPECT_TRUE(Await([this] { return this->reflection_->streams() == 0; }));
  EXPECT_EQ(ReasonOf(stream.End()), "REFLECTION_IDLE");
}

TYPED_TEST(ReflectionTest, ADrainEndsStreamsAndTakesNoNewOnes) {
  auto stream = this->Open();
  EXPECT_TRUE(Await([this] { return this->reflection_->streams() == 1; }));
  this->reflection_->End();
  EXPECT_EQ(ReasonOf(stream.End()), "DRAINING");
  auto late = this->Open();
  EXPECT_EQ(ReasonOf(late.End()), "DRAINING");
}

}  // namespace
}  // namespace marginalia
