#include "services/rpc/grpc_status.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

google::rpc::Status RichStatusOf(const grpc::Status& status) {
  google::rpc::Status rich;
  EXPECT_TRUE(rich.ParseFromString(status.error_details()));
  return rich;
}

TEST(GrpcStatusTest, DetailsCrossTheWireAndBack) {
  const absl::Status status = Refusal(absl::StatusCode::kResourceExhausted, "FULL", "is full",
                                      {{"queue", "writes"}}, absl::Milliseconds(100));
  const grpc::Status sent = ToGrpc(status);
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(sent.error_message(), "is full");
  EXPECT_EQ(FromGrpc(sent), status);
}

TEST(GrpcStatusTest, TheRicherStatusSaysTheSameAndStartsWithOneErrorInfo) {
  const google::rpc::Status rich = RichStatusOf(ToGrpc(InvalidField("body", "is blank")));
  EXPECT_EQ(rich.code(), 3);
  EXPECT_EQ(rich.message(), "body is blank");
  ASSERT_EQ(rich.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rich.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "marginalia.dev");
  EXPECT_EQ(info.reason(), "INVALID_FIELD");
  EXPECT_TRUE(rich.details(1).Is<google::rpc::BadRequest>());
}

TEST(GrpcStatusTest, AnErrorThatNobodyNamedIsInternalAndSaysNothing) {
  for (const absl::Status& status :
       {absl::NotFoundError("SELECT secret"), absl::InternalError("SELECT secret"),
        absl::DataLossError("SELECT secret"),
        Refusal(absl::StatusCode::kInternal, "STORAGE_BROKEN", "SELECT secret")}) {
    const grpc::Status sent = ToGrpc(status);
    EXPECT_EQ(sent.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(sent.error_message().find("SELECT"), std::string::npos);
    EXPECT_EQ(sent.error_details().find("SELECT"), std::string::npos);
    EXPECT_NE(ReasonOf(FromGrpc(sent)), "");
    EXPECT_TRUE(IsForLogOnly(status));
  }
}

TEST(GrpcStatusTest, ALossThatWasNamedIsTold) {
  const absl::Status loss = Refusal(absl::StatusCode::kDataLoss, "RECORD_DAMAGED", "verify it");
  EXPECT_FALSE(IsForLogOnly(loss));
  EXPECT_EQ(ToGrpc(loss).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(ToGrpc(loss).error_message(), "verify it");
}

TEST(GrpcStatusTest, ACallThatAServerCutOnShutdownMayBeTriedAgain) {
  const absl::Status status = FromGrpc(grpc::Status(grpc::StatusCode::CANCELLED, "RST_STREAM"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(status), absl::ZeroDuration());
}

TEST(GrpcStatusTest, ACancelledOrLateCallStaysWhatItIs) {
  EXPECT_EQ(ToGrpc(absl::CancelledError("")).error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(ToGrpc(absl::DeadlineExceededError("")).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(FromGrpc(ToGrpc(absl::CancelledError("")))), "CANCELLED");
}

TEST(GrpcStatusTest, TheTransportsOwnFailureGetsAReasonAndLosesTheAddress) {
  const absl::Status status = FromGrpc(grpc::Status(
      grpc::StatusCode::UNAVAILABLE, "failed to connect to all addresses; ipv4:10.0.0.7:50051"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(status), absl::ZeroDuration());
  EXPECT_EQ(std::string(status.message()).find("10.0.0.7"), std::string::npos);
}

TEST(GrpcStatusTest, SuccessStaysSuccess) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

}  // namespace
}  // namespace marginalia
