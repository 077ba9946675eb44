// PostgreSQL hangs: stopped with SIGSTOP, or behind a network that swallows packets. Connections
// stay open and nothing is answered. Every process goes on answering what needs no database, says
// so in time where something does, and ends when it is told to.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "services/rpc/client/channel.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"
#include "tests/support/postgres_node.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

namespace comments_v1 = marginalia::comments::v1;
namespace invoices_v1 = marginalia::invoices::v1;
using testing::Le;

enum class Hang { kServerStopped, kPacketsSwallowed };

// A watch is to end after 2 s; it looks once a second, and the machine may be busy.
constexpr std::chrono::seconds kWatchEndMax{6};
// For what needs no database.
constexpr std::chrono::seconds kPromptMax{3};
// The grace period of the processes under test (2 s), what is left to put away, a busy machine.
constexpr std::chrono::seconds kEndMax{10};

class StoppedDatabaseTest : public testing::TestWithParam<Hang> {
 protected:
  StoppedDatabaseTest() {
    link_.LeadTo(node_.socket_path());
    node_.NewDatabase("comments");
    node_.NewDatabase("invoices");
    processes_ = std::make_unique<ThreeProcesses>(
        ThreeProcessesOptions{.comments_url = Url("comments"), .invoices_url = Url("invoices")});
    invoice_ = processes_->NewInvoice("INV-1");
    EXPECT_TRUE(Post("before").ok());
  }
  ~StoppedDatabaseTest() override { GoOn(); }

  std::string Url(const std::string& database) const {
    if (GetParam() == Hang::kServerStopped) return node_.Url(database);
    return "postgresql://" + std::string(kPostgresPlainRole) + "@" + link_.address() + "/" +
           database;
  }

  void HangNow() { GetParam() == Hang::kServerStopped ? node_.Freeze() : link_.Hold(); }
  void GoOn() { GetParam() == Hang::kServerStopped ? node_.Thaw() : link_.Resume(); }

  std::string Person() const { return processes_->Token("dana", "member"); }

  grpc::Status Post(const std::string& body) {
    grpc::ClientContext context;
    processes_->Prepare(context, Person());
    comments_v1::AddCommentRequest request;
    request.set_invoice_id(invoice_);
    request.set_body(body);
    comments_v1::AddCommentResponse response;
    return processes_->comments_stub().AddComment(&context, request, &response);
  }

  static void ExpectEndsOnSigterm(ProcessUnderTest& process) {
    process.Signal(SIGTERM);
    EXPECT_TRUE(process.EndsWithin(kEndMax)) << "SIGTERM does not end it";
    process.Kill();
  }

  PostgresNode node_;
  TcpProxy link_;
  std::unique_ptr<ThreeProcesses> processes_;
  std::string invoice_;
};

INSTANTIATE_TEST_SUITE_P(, StoppedDatabaseTest,
                         testing::Values(Hang::kServerStopped, Hang::kPacketsSwallowed),
                         [](const testing::TestParamInfo<Hang>& param) {
                           return param.param == Hang::kServerStopped ? "ServerStopped"
                                                                      : "PacketsSwallowed";
                         });

// How long one answer takes is what is measured here.
std::shared_ptr<grpc::Channel> WithoutRetries(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// A watch from the beginning, on a connection of its own.
class OpenWatch {
 public:
  OpenWatch(const ThreeProcesses& processes, const std::string& address)
      : stub_(comments_v1::CommentsService::NewStub(WithoutRetries(address))) {
    processes.Prepare(context_, processes.Token("marginalia", "service", ""),
                      std::chrono::seconds(60));
    comments_v1::WatchEventsRequest request;
    request.set_from_beginning(true);
    reader_ = stub_->WatchEvents(&context_, request);
  }

  // Reads until the first event.
  bool Begin() {
    while (reader_->Read(&response_)) {
      if (response_.events_size() > 0) return true;
    }
    return false;
  }

  // Reads to the end.
  grpc::Status End() {
    while (reader_->Read(&response_)) {
    }
    return reader_->Finish();
  }

  // Of the last message.
  std::string checkpoint() const { return response_.checkpoint_token(); }

 private:
  std::unique_ptr<comments_v1::CommentsService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<comments_v1::WatchEventsResponse>> reader_;
  comments_v1::WatchEventsResponse response_;
};

TEST_P(StoppedDatabaseTest, WatchesEndUnavailableWithTheirLastTokenAndTheRestIsAnswered) {
  ProcessUnderTest& comments = processes_->comments();
  OpenWatch open(*processes_, comments.address());
  ASSERT_TRUE(open.Begin());
  HangNow();
  const auto hung_at = std::chrono::steady_clock::now();
  EXPECT_EQ(open.End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(std::chrono::steady_clock::now() - hung_at, Le(kWatchEndMax));
  EXPECT_NE(open.checkpoint(), "");
  // Those that come now, more than the process has threads.
  std::vector<std::thread> late;
  for (int i = 0; i < 12; ++i) {
    late.emplace_back([this, &comments] {
      const auto began_at = std::chrono::steady_clock::now();
      EXPECT_EQ(OpenWatch(*processes_, comments.address()).End().error_code(),
                grpc::StatusCode::UNAVAILABLE);
      EXPECT_THAT(std::chrono::steady_clock::now() - began_at, Le(kWatchEndMax));
    });
  }
  EXPECT_TRUE(comments.IsServing());
  const auto asked_at = std::chrono::steady_clock::now();
  EXPECT_EQ(Post("").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(std::chrono::steady_clock::now() - asked_at, Le(kPromptMax));
  for (std::thread& thread : late) thread.join();
  EXPECT_TRUE(comments.IsServing());
}

TEST_P(StoppedDatabaseTest, CommentsServiceEndsOnSigtermWhileItsCallsHang) {
  OpenWatch open(*processes_, processes_->comments().address());
  ASSERT_TRUE(open.Begin());
  HangNow();
  std::thread posting([this] { EXPECT_NE(Post("meanwhile").error_code(), grpc::StatusCode::OK); });
  EXPECT_TRUE(processes_->comments().IsServing());
  ExpectEndsOnSigterm(processes_->comments());
  posting.join();
}

TEST_P(StoppedDatabaseTest, InvoiceServiceAnswersHealthAndEndsOnSigtermWhileItsCallsHang) {
  HangNow();
  std::vector<std::thread> reading;
  for (int i = 0; i < 12; ++i) {
    reading.emplace_back([this] {
      grpc::ClientContext context;
      processes_->Prepare(context, Person());
      invoices_v1::GetInvoiceRequest request;
      request.set_invoice_id(invoice_);
      invoices_v1::GetInvoiceResponse response;
      EXPECT_NE(processes_->invoices_stub().GetInvoice(&context, request, &response).error_code(),
                grpc::StatusCode::OK);
    });
  }
  EXPECT_TRUE(processes_->invoices().IsServing());
  ExpectEndsOnSigterm(processes_->invoices());
  for (std::thread& thread : reading) thread.join();
}

TEST_P(StoppedDatabaseTest, TheGatewayIsAliveAndEndsOnSigterm) {
  HttpClient caller(processes_->gateway_front().address());
  HangNow();
  const HttpAnswer hung = caller.Get("/api/invoices/" + invoice_ + "/comments",
                                     {{"Authorization", "Bearer " + Person()}});
  EXPECT_THAT(hung.status, testing::AnyOf(503, 504)) << hung.body;
  EXPECT_EQ(caller.Get("/healthz").status, 200);
  ExpectEndsOnSigterm(processes_->gateway());
}

TEST_P(StoppedDatabaseTest, AProcessThatStartsMeanwhileSaysSoAndEnds) {
  HangNow();
  processes_->comments().Kill();
  ProcessUnderTest starting(COMMENTS_SERVICE_BINARY, processes_->directory().File("starting.log"));
  starting.Launch({"--database_url=" + Url("comments"), "--listen_address=127.0.0.1:0",
                   "--metrics_address=127.0.0.1:0",
                   "--jwks_path=" + processes_->directory().File("keys/jwks.json")});
  EXPECT_TRUE(starting.EndsWithin(std::chrono::seconds(15)));
  EXPECT_NE(starting.Wait(), 0);
}

TEST_P(StoppedDatabaseTest, EverythingGoesOnOnceTheDatabaseDoes) {
  HangNow();
  EXPECT_EQ(Post("meanwhile").error_code(), grpc::StatusCode::UNAVAILABLE);
  GoOn();
  EXPECT_TRUE(Await([this] { return Post("after").ok(); }));
  OpenWatch watch(*processes_, processes_->comments().address());
  EXPECT_TRUE(watch.Begin());
}

}  // namespace
}  // namespace marginalia
