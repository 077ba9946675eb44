// Ten thousand connections that ask for nothing, or begin to ask and never end: they cost little
// memory and nobody else's answer, and those that began are cut off.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/rpc/client/channel.h"
#include "tests/faults/flood_fixture.h"
#include "tests/gateway/raw_connection.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

constexpr int kConnections = 10'000;
// What a process may grow by while it holds them.
constexpr std::int64_t kGatewayGrowthKibibytesMax = 128 * 1024;
constexpr std::int64_t kServiceGrowthKibibytesMax = 768 * 1024;

class IdleConnectionsTest : public FloodFixture {
 protected:
  static void SetUpTestSuite() {
    rlimit files{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    ASSERT_GT(files.rlim_max, kConnections + 1'000u)
        << "raise the limit of open files (ulimit -Hn) to run this";
  }

  void Connect(const std::string& address, std::string_view beginning) {
    for (int i = 0; i < kConnections; ++i) {
      connections_.push_back(std::make_unique<RawConnection>(address));
      ASSERT_TRUE(connections_.back()->Send(beginning));
    }
  }

  // Leaves the process few files, takes them all, and lets go of them.
  void RunOutOfFiles(ProcessUnderTest& process) {
    rlimit few{};
    ASSERT_EQ(prlimit(process.pid(), RLIMIT_NOFILE, nullptr, &few), 0);
    few.rlim_cur = 100;
    ASSERT_EQ(prlimit(process.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
    for (int i = 0; i < 200; ++i) {
      connections_.push_back(std::make_unique<RawConnection>(process.address()));
    }
    ASSERT_TRUE(process.log().WaitFor("connections are not accepted").has_value());
    connections_.clear();
  }

  std::vector<std::unique_ptr<RawConnection>> connections_;
};

TEST_F(IdleConnectionsTest, TheGatewayHoldsThemAndCutsThoseThatBeganToAsk) {
  FloodBesideACaller(processes_.gateway(), kGatewayGrowthKibibytesMax,
                     [&] { Connect(processes_.gateway().address(), "GET /healthz HT"); });
  for (const auto& connection : connections_) {
    const std::string answer = connection->ReadToEnd();
    ASSERT_EQ(answer.substr(0, 12), "HTTP/1.1 408") << answer;
  }
}

TEST_F(IdleConnectionsTest, AServiceHoldsThoseThatSayNothingAndCutsThemOff) {
  FloodBesideACaller(processes_.comments(), kServiceGrowthKibibytesMax,
                     [&] { Connect(processes_.comments().address(), ""); });
  for (const auto& connection : connections_) ASSERT_TRUE(connection->AwaitEnd());
}

TEST_F(IdleConnectionsTest, CommentsServiceThatHasRunOutOfFilesAcceptsAgainWhenItHasSome) {
  RunOutOfFiles(processes_.comments());
  const auto stub =
      comments::v1::CommentsService::NewStub(ConnectTo(processes_.comments().address()));
  grpc::ClientContext context;
  processes_.Prepare(context, processes_.Token("dana", "member"));
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_);
  comments::v1::ListCommentsResponse response;
  const grpc::Status status = stub->ListComments(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(IdleConnectionsTest, InvoiceServiceThatHasRunOutOfFilesAcceptsAgainWhenItHasSome) {
  RunOutOfFiles(processes_.invoices());
  const auto stub =
      invoices::v1::InvoicesService::NewStub(ConnectTo(processes_.invoices().address()));
  grpc::ClientContext context;
  processes_.Prepare(context, processes_.Token("dana", "member"));
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(invoice_);
  invoices::v1::GetInvoiceResponse response;
  const grpc::Status status = stub->GetInvoice(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// A host that is not the caller's.
constexpr char kFloodsFrom[] = "127.0.0.2";
constexpr rlim_t kFewFiles = 256;

TEST_F(IdleConnectionsTest, AGatewayWithFewFilesReachesAServiceAgainWhileAHostTakesAllItCan) {
  ProcessUnderTest& gateway = processes_.gateway();
  rlimit few{};
  ASSERT_EQ(prlimit(gateway.pid(), RLIMIT_NOFILE, nullptr, &few), 0);
  few.rlim_cur = kFewFiles;
  ASSERT_EQ(prlimit(gateway.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  for (int i = 0; i < 300; ++i) {
    connections_.push_back(std::make_unique<RawConnection>(gateway.address(), 0, kFloodsFrom));
  }
  ASSERT_TRUE(gateway.log().WaitFor("one host has opened most").has_value());
  processes_.comments().Kill();
  processes_.StartComments();
  HttpClient caller(gateway.address());
  const HttpClient::Headers headers = {
      {"Authorization", "Bearer " + processes_.Token("dana", "member")}};
  // Sooner than those that say nothing are cut off.
  EXPECT_TRUE(Await(
      [&] { return caller.Get("/api/invoices/" + invoice_ + "/comments", headers).status == 200; },
      std::chrono::seconds(8)));
  EXPECT_EQ(HttpClient(gateway.metrics_address()).Get("/metrics").status, 200);
}

}  // namespace
}  // namespace marginalia
