#include "services/errors/errors.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

TEST(ErrorsTest, ARefusalCarriesReasonMetadataAndRetryDelay) {
  const absl::Status status = Refusal(absl::StatusCode::kUnavailable, "BUSY", "try again",
                                      {{"queue", "writes"}}, absl::Milliseconds(1500));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(status.message()), "try again");
  EXPECT_EQ(ReasonOf(status), "BUSY");
  EXPECT_EQ(ErrorMetadataOf(status, "queue"), "writes");
  EXPECT_EQ(ErrorMetadataOf(status, "absent"), "");
  EXPECT_EQ(RetryAfterOf(status), absl::Milliseconds(1500));
}

// A tenant could else tell another's id from one that does not exist by the order, some of the
// time.
TEST(ErrorsTest, TheSameRefusalIsTheSameBytes) {
  const auto refused = [](ErrorMetadata metadata) {
    return ToGrpc(WithErrorMetadata(
        Refusal(absl::StatusCode::kNotFound, "GONE", "there is none", std::move(metadata)),
        "request_id", "1"));
  };
  const std::string first = refused({{"a", "1"}, {"b", "2"}, {"c", "3"}}).error_details();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(refused({{"c", "3"}, {"b", "2"}, {"a", "1"}}).error_details(), first) << i;
  }
}

TEST(ErrorsTest, AStatusWithoutDetailsHasNone) {
  const absl::Status status = absl::InternalError("x");
  EXPECT_EQ(ReasonOf(status), "");
  EXPECT_EQ(RetryAfterOf(status), absl::ZeroDuration());
  EXPECT_TRUE(FieldViolationsOf(status).empty());
  EXPECT_EQ(WithErrorMetadata(status, "a", "b"), status);
}

TEST(ErrorsTest, AnInvalidFieldIsNamedInTheMessageAndTheDetails) {
  const absl::Status status = InField("comments[3].body", absl::InvalidArgumentError("is blank"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "comments[3].body is blank");
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  ASSERT_EQ(FieldViolationsOf(status).size(), 1U);
  EXPECT_EQ(FieldViolationsOf(status)[0].field, "comments[3].body");
  EXPECT_EQ(FieldViolationsOf(status)[0].description, "is blank");
  EXPECT_TRUE(InField("body", absl::OkStatus()).ok());
}

TEST(ErrorsTest, SeveralInvalidFieldsAreAllNamed) {
  const absl::Status status = InvalidFields({{"a", "is bad"}, {"b", "is worse"}});
  EXPECT_EQ(std::string(status.message()), "a is bad; b is worse");
  EXPECT_EQ(FieldViolationsOf(status).size(), 2U);
}

TEST(ErrorsTest, OfVeryManyInvalidFieldsAsManyAreNamedAsClientsTake) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 400; ++i) {
    violations.push_back({"invoice.line_items[" + std::to_string(i) + "].description",
                          "must be at most 200 characters"});
  }
  const absl::Status status = InvalidFields(violations);
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  const std::size_t named = FieldViolationsOf(status).size();
  EXPECT_GT(named, 20U);
  const std::string message(status.message());
  EXPECT_NE(message.find("; and " + std::to_string(400 - named) + " more"), message.npos);
  const grpc::Status sent = ToGrpc(status);
  // In base64, as gRPC sends it; 8 KiB less what stands in the trailers besides.
  EXPECT_LT(sent.error_message().size() + sent.error_details().size() * 4 / 3, 7U * 1024);
}

TEST(ErrorsTest, MetadataIsAddedToWhatIsThere) {
  const absl::Status status = WithErrorMetadata(
      Refusal(absl::StatusCode::kNotFound, "GONE", "gone", {{"a", "1"}}), "request_id", "r");
  EXPECT_EQ(ErrorMetadataOf(status, "a"), "1");
  EXPECT_EQ(ErrorMetadataOf(status, "request_id"), "r");
}

}  // namespace
}  // namespace marginalia
