// A process that hangs (SIGSTOP) takes nobody with it: callers get an answer in time, the rest goes
// on.
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "services/errors/errors.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

using grpc::health::v1::HealthCheckResponse;
using HealthService = grpc::health::v1::Health;

constexpr std::chrono::seconds kProbeMax{5};

class StoppedProcessTest : public testing::Test {
 protected:
  HttpAnswer Get(const std::string& path) {
    HttpClient client(processes_.gateway_front().address());
    return client.Get(path, {{"Authorization", "Bearer " + token_}});
  }

  // What a probe asks of the others meanwhile.
  static bool IsServing(const ProcessUnderTest& process) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kProbeMax);
    HealthCheckResponse health;
    return HealthService::NewStub(ConnectTo(process.address()))
               ->Check(&context, {}, &health)
               .ok() &&
           health.status() == HealthCheckResponse::SERVING;
  }

  ThreeProcesses processes_;
  const std::string token_ = processes_.Token("dana", "member");
  const std::string invoice_ = processes_.NewInvoice("INV-1");
};

TEST_F(StoppedProcessTest, TheGatewayAnswersInTimeAndServesTheRestWhileCommentsServiceHangs) {
  const std::string thread = "/api/invoices/" + invoice_ + "/comments";
  ASSERT_EQ(Get(thread).status, 200);
  processes_.comments().Stop();
  const HttpAnswer hung = Get(thread);
  EXPECT_EQ(hung.status, 503) << hung.body;
  EXPECT_EQ(Get("/api/invoices/" + invoice_).status, 200);
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_TRUE(IsServing(processes_.invoices()));
  processes_.comments().Signal(SIGCONT);
  EXPECT_EQ(Get(thread).status, 200);
}

TEST_F(StoppedProcessTest, TheGatewayAnswersInTimeAndServesTheRestWhileInvoiceServiceHangs) {
  HttpClient poster(processes_.gateway_front().address());
  const std::string thread = "/api/invoices/" + invoice_ + "/comments";
  ASSERT_EQ(
      poster.Post(thread, R"({"body":"before"})", {{"Authorization", "Bearer " + token_}}).status,
      201);
  processes_.invoices().Stop();
  const HttpAnswer hung = Get("/api/invoices/" + invoice_);
  EXPECT_EQ(hung.status, 503) << hung.body;
  EXPECT_EQ(poster.Post(thread, R"({"body":"meanwhile"})", {{"Authorization", "Bearer " + token_}})
                .status,
            201);
  EXPECT_EQ(Get(thread).status, 200);
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_TRUE(IsServing(processes_.comments()));
  processes_.invoices().Signal(SIGCONT);
  EXPECT_EQ(Get("/api/invoices/" + invoice_).status, 200);
}

}  // namespace
}  // namespace marginalia
