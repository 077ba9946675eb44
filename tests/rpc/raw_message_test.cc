#include "services/rpc/raw_message.h"

#include <gtest/gtest.h>

#include <string>

#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

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

}  // namespace
}  // namespace marginalia
