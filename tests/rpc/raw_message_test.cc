#include "services/rpc/raw_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/server/server.h"
#include "tests/gateway/raw_connection.h"
#include "tests/support/http2_frames.h"

namespace marginalia {
namespace {

using testing::AllOf;
using testing::HasSubstr;

absl::Status Parsed(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  comments::v1::AddCommentRequest request;
  return ParseRequest(grpc::ByteBuffer(&slice, 1), request);
}

TEST(RawMessageTest, AMessageInAnEncodingThatNobodyKnowsIsUnimplemented) {
  using std::string_literals::operator""s;
  for (const std::string& beginning :
       {"\x1f\x8b"s, "\x28\xb5\x2f\xfd"s, "\x04\x22\x4d\x18"s, "\xff\x06\x00\x00sNaPpY"s}) {
    const absl::Status refused = Parsed(beginning + "and what it stands for");
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnimplemented) << refused;
    EXPECT_EQ(ReasonOf(refused), "ENCODING_UNSUPPORTED");
  }
}

TEST(RawMessageTest, WhatIsNoMessageIsMalformed) {
  for (const std::string& bytes : {std::string("\xff"), std::string("{\"invoice_id\":1}")}) {
    const absl::Status refused = Parsed(bytes);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
    EXPECT_EQ(ReasonOf(refused), "REQUEST_MALFORMED");
  }
}

// What arrives is what a service of ours is given, and nothing more.
class ParsingComments : public comments::v1::CommentsService::WithRawCallbackMethod_AddComment<
                            comments::v1::CommentsService::Service> {
 public:
  grpc::ServerUnaryReactor* AddComment(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* bytes,
                                       grpc::ByteBuffer* response) override {
    comments::v1::AddCommentRequest request;
    *response = ToByteBuffer(comments::v1::AddCommentResponse());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpc(ParseRequest(*bytes, request)));
    return reactor;
  }
};

class RawMessageConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = RpcServer::Start({"127.0.0.1:0"}, {&service_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // All that the server says up to `text`, its status among it.
  std::string Answer(std::string_view message, std::string_view encoding, std::string_view text) {
    RawConnection connection(server_->address());
    EXPECT_TRUE(connection.Send(
        GrpcCall("/marginalia.comments.v1.CommentsService/AddComment", message, encoding)));
    return connection.ReadUntil(text);
  }

  ParsingComments service_;
  std::unique_ptr<RpcServer> server_;
};

TEST_F(RawMessageConnectionTest, AnEncodingThatTellsItselfIsUnimplemented) {
  // "invoice" by zstd.
  const std::string zstd("\x28\xb5\x2f\xfd\x04\x58\x39\x00\x00invoice\xf4\xa5\x96\xd5", 20);
  EXPECT_THAT(Answer(zstd, "zstd", "gzip, deflate or identity"),
              AllOf(HasSubstr("grpc-status\x02"
                              "12"),
                    HasSubstr("compressed in a way")));
}

TEST_F(RawMessageConnectionTest, OneThatDoesNotIsNamedAsAPossibleCause) {
  // "hello" by Brotli.
  const std::string brotli("\x0b\x02\x80hello\x03", 9);
  EXPECT_THAT(Answer(brotli, "br", "gzip, deflate or identity"),
              AllOf(HasSubstr("grpc-status\x01"
                              "3"),
                    HasSubstr("if it is compressed")));
}

TEST_F(RawMessageConnectionTest, WhatIsNotCompressedIsRead) {
  EXPECT_THAT(Answer("\x0a\x05INV-1", "",
                     "grpc-status\x01"
                     "0"),
              HasSubstr("grpc-status"));
}

}  // namespace
}  // namespace marginalia
