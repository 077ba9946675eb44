// A process that hangs (SIGSTOP) takes nobody with it: callers get an answer in time, the rest goes
// on.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

class StoppedProcessTest : public testing::Test {
 protected:
  HttpAnswer Get(const std::string& path) {
    HttpClient client(processes_.gateway_front().address());
    return client.Get(path, {{"Authorization", "Bearer " + token_}});
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
  EXPECT_TRUE(processes_.invoices().IsServing());
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
  EXPECT_TRUE(processes_.comments().IsServing());
  processes_.invoices().Signal(SIGCONT);
  EXPECT_EQ(Get("/api/invoices/" + invoice_).status, 200);
}

}  // namespace
}  // namespace marginalia
