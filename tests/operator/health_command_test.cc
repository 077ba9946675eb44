// health: what a container's health check goes by.
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/operator/operator_run.h"
#include "tests/operator/stack_under_operator.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

class NotServing : public grpc::health::v1::Health::Service {
  grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest*,
                     grpc::health::v1::HealthCheckResponse* response) override {
    response->set_status(grpc::health::v1::HealthCheckResponse::NOT_SERVING);
    return grpc::Status::OK;
  }
};

OperatorOutcome Health(const std::string& address) {
  return RunOperator({"health", "--address=" + address});
}

TEST_F(OperatorTest, AServiceThatServesIsHealthyAndOneThatIsGoneDoesNotAnswer) {
  const std::string comments = processes_.comments().address();
  for (const std::string& address : {comments, processes_.invoices().address()}) {
    const OperatorOutcome outcome = Health(address);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    EXPECT_EQ(outcome.out, address + " is SERVING\n");
  }
  StopComments();
  const OperatorOutcome gone = Health(comments);
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_THAT(gone.error, HasSubstr(comments + ": cannot be reached: "));
  EXPECT_THAT(gone.error, HasSubstr("Connection refused"));
}

TEST(HealthCommandTest, AServiceThatIsThereAndDoesNotServeIsNotHealthy) {
  NotServing service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const OperatorOutcome outcome = Health(address);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr(address + " is NOT_SERVING"));
}

TEST(HealthCommandTest, TheAddressIsRequired) {
  const OperatorOutcome outcome = RunOperator({"health"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("--address is required"));
}

}  // namespace
}  // namespace marginalia
