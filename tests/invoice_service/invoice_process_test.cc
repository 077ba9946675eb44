// The binary: how it starts, serves and ends.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "deploy/keys/token_mint.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "invoice-service/schema.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/events/projection/position.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "services/tokens/consistency_token.h"
#include "tests/projector/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/database_under_test.h"
#include "tests/support/http_client.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

namespace v1 = invoices::v1;

constexpr char kInvoiceId[] = "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10";

class InvoiceProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    mint_ = *TokenMint::Open(dir_.File("keys"));
    std::ofstream(dir_.File("token"))
        << mint_->Mint({.org = "", .sub = "invoice-service", .name = "", .role = "service"});
  }

  // With flags that make it serve; `more` come last and so win.
  ChildProcess Start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {INVOICE_SERVICE_BINARY,
                                          "--listen_address=127.0.0.1:0",
                                          "--metrics_address=127.0.0.1:0",
                                          "--database_url=sqlite:" + dir_.File("invoices.db"),
                                          "--jwks_path=" + mint_->jwks_path(),
                                          "--service_token_path=" + dir_.File("token"),
                                          "--comments_address=" + comments_.address()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ChildProcess(arguments, {.stderr_path = dir_.File("log")});
  }

  std::string Log() const {
    std::ostringstream text;
    text << std::ifstream(dir_.File("log")).rdbuf();
    return text.str();
  }
  bool Logs(const std::string& text) {
    return Await([&] { return Log().find(text) != std::string::npos; });
  }

  // Once it listens.
  void Connect() {
    ASSERT_TRUE(Logs("\"listening\"")) << Log();
    const std::shared_ptr<grpc::Channel> channel = ConnectTo(FieldOfLog("address"));
    stub_ = v1::InvoicesService::NewStub(channel);
    health_ = grpc::health::v1::Health::NewStub(channel);
  }
  std::string FieldOfLog(const std::string& name) const {
    const std::string log = Log();
    const std::string line = log.substr(log.find("\"listening\""));
    const std::size_t begin = line.find("\"" + name + "\":\"") + name.size() + 4;
    return line.substr(begin, line.find('"', begin) - begin);
  }
  bool IsServing() {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckResponse response;
    return health_->Check(&context, {}, &response).ok() &&
           response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  }
  template <class Method, class Request>
  auto Call(Method method, const Request& request) {
    grpc::ClientContext context;
    PrepareCall(context, mint_->Mint({.org = "northlight", .sub = "dana", .role = "member"}), "",
                SteadyTime::Now() + absl::Seconds(20));
    return CallWith(method, context, request);
  }
  template <class Request, class Response>
  absl::StatusOr<Response> CallWith(grpc::Status (v1::InvoicesService::Stub::*method)(
                                        grpc::ClientContext*, const Request&, Response*),
                                    grpc::ClientContext& context, const Request& request) {
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }
  void Create() {
    v1::CreateInvoiceRequest request;
    request.set_invoice_id(kInvoiceId);
    request.mutable_invoice()->set_number("INV-1");
    request.mutable_invoice()->mutable_customer()->set_name("Customer");
    request.mutable_invoice()->set_due_date("2026-12-01");
    request.mutable_invoice()->set_currency("EUR");
    v1::LineItem& line = *request.mutable_invoice()->add_line_items();
    line.set_description("Work");
    line.set_amount(100);
    const auto created = Call(&v1::InvoicesService::Stub::CreateInvoice, request);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  absl::StatusOr<v1::GetInvoiceResponse> GetAt(const std::string& token) {
    v1::GetInvoiceRequest request;
    request.set_invoice_id(kInvoiceId);
    if (!token.empty()) request.mutable_consistency()->set_at_least_as_fresh(token);
    return Call(&v1::InvoicesService::Stub::GetInvoice, request);
  }
  v1::GetInvoiceResponse Get() {
    const auto answer = GetAt("");
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : v1::GetInvoiceResponse();
  }
  v1::ListInvoiceSummariesResponse List() {
    const auto answer =
        Call(&v1::InvoicesService::Stub::ListInvoiceSummaries, v1::ListInvoiceSummariesRequest());
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : v1::ListInvoiceSummariesResponse();
  }

  TempDir dir_;
  std::unique_ptr<v1::InvoicesService::Stub> stub_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
  std::unique_ptr<TokenMint> mint_;
  ScriptedComments comments_;
};

TEST_F(InvoiceProcessTest, ItServesAndEndsWithZeroAfterSigterm) {
  ChildProcess process = Start();
  ASSERT_TRUE(Logs("\"listening\"")) << Log();
  ASSERT_TRUE(Await([this] { return comments_.streams_opened() > 0; }));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0) << Log();
}

TEST_F(InvoiceProcessTest, ItServesWithoutTheCommentsServiceAndEndsWithZero) {
  comments_.Stop();
  ChildProcess process = Start();
  ASSERT_TRUE(Logs("\"listening\"")) << Log();
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0) << Log();
}

TEST_F(InvoiceProcessTest, WhileItsCountsAreBuiltItIsNotReadyAndThenItsFirstAnswerIsTrue) {
  comments_.Comment("northlight", kInvoiceId);
  std::atomic<bool> goes_on = false;
  comments_.OnSnapshotPage([&goes_on] { Await([&goes_on] { return goes_on.load(); }); });
  ChildProcess process = Start();
  Connect();
  Create();
  ASSERT_TRUE(Await([this] { return comments_.snapshots_begun() > 0; }));
  EXPECT_FALSE(IsServing());
  const auto unknown = Get();
  EXPECT_FALSE(unknown.summary().has_comment_count());
  EXPECT_FALSE(unknown.summary().has_last_author_name());
  EXPECT_EQ(unknown.freshness().as_of_token(), "");
  goes_on = true;
  ASSERT_TRUE(Await([this] { return IsServing(); }));
  const auto known = Get();
  EXPECT_EQ(known.summary().comment_count(), 1);
  EXPECT_EQ(known.summary().last_author_name(), "Dana");
  EXPECT_NE(known.freshness().as_of_token(), "");
}

TEST_F(InvoiceProcessTest, WithTheCommentsServiceAwayAtTheVeryFirstStartItServesWithoutCounts) {
  comments_.Comment("northlight", kInvoiceId);
  comments_.Stop();
  ChildProcess process = Start();
  Connect();
  Create();
  EXPECT_FALSE(IsServing());
  ASSERT_TRUE(Await([this] { return IsServing(); }, std::chrono::seconds(30)));
  EXPECT_TRUE(Logs("serving without them"));
  EXPECT_FALSE(Get().summary().has_comment_count());
  EXPECT_FALSE(List().summaries(0).has_comment_count());
  EXPECT_FALSE(List().freshness().has_lag());
  comments_.Start();
  ASSERT_TRUE(Await([this] { return Get().summary().has_comment_count(); }));
  EXPECT_EQ(Get().summary().comment_count(), 1);
  EXPECT_EQ(List().summaries(0).comment_count(), 1);
}

TEST_F(InvoiceProcessTest, HowFarTheCountsAreBehindIsInfiniteWhileNobodyKnows) {
  comments_.Stop();
  ChildProcess process = Start();
  Connect();
  HttpClient metrics(FieldOfLog("metrics_address"));
  const auto lag = [&metrics] {
    const std::string text = metrics.Get("/metrics").body;
    const std::string name = "\nmarginalia_projection_lag_seconds{projection=\"comment_counts\"} ";
    return std::stod(text.substr(text.find(name) + name.size()));
  };
  EXPECT_EQ(lag(), std::numeric_limits<double>::infinity());
  comments_.Start();
  EXPECT_TRUE(Await([&lag] { return lag() < 20; }));
}

TEST_F(InvoiceProcessTest, WhoeverWaitsForFresherCountsIsAnsweredAlsoByOneThatDrains) {
  ChildProcess process = Start();
  Connect();
  Create();
  ASSERT_TRUE(Await([this] { return IsServing(); }));
  const LogPoint next{comments_.head().log_id, comments_.head().position + 1};
  auto answer = std::async(std::launch::async,
                           [&] { return GetAt(MakeConsistencyToken(next, "northlight")); });
  ASSERT_TRUE(Await([this] {
    return HttpClient(FieldOfLog("metrics_address"))
               .Get("/metrics")
               .body.find("marginalia_freshness_waiters 1") != std::string::npos;
  }));
  process.Signal(SIGTERM);
  ASSERT_TRUE(Await([this] { return !IsServing(); }));
  comments_.Comment("northlight", kInvoiceId);
  const auto answered = answer.get();
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->summary().comment_count(), 1);
  EXPECT_EQ(process.Wait(), 0);
}

TEST_F(InvoiceProcessTest, WithoutATokenOfItsOwnItSaysWhatWillNotWork) {
  ChildProcess process = Start({"--service_token_path="});
  ASSERT_TRUE(Logs("--service_token_path is empty")) << Log();
  ASSERT_TRUE(Logs("\"listening\"")) << Log();
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
}

TEST_F(InvoiceProcessTest, ItsLogSaysThatItsOwnTokenIsRefusedAndWhyAndItsCallersHearNothingOfIt) {
  comments_.Refuse({grpc::StatusCode::UNAUTHENTICATED, "the bearer token has expired"});
  ChildProcess process = Start();
  Connect();
  EXPECT_TRUE(
      Logs("refuses this process's own token (UNAUTHENTICATED: the bearer token has expired): "
           "check that --service_token_path "));
  Create();
  v1::GetInvoiceRequest request;
  request.set_invoice_id(kInvoiceId);
  request.mutable_consistency()->set_fully_consistent(true);
  const auto answer = Call(&v1::InvoicesService::Stub::GetInvoice, request);
  EXPECT_EQ(answer.status().message(), "The comments service does not answer (UNAUTHENTICATED).");
}

TEST_F(InvoiceProcessTest, OnPostgresItsWritesWaitForTheReplicaThatHoldsTheProjectionsPosition) {
  const std::string url = NewDatabaseUrl(DatabaseKind::kPostgres);
  ChildProcess process = Start({"--database_url=" + url});
  Connect();
  // From then on its projector has nothing to write.
  ASSERT_TRUE(Await([this] { return IsServing(); }));
  const auto database = *Database::Open(url, InvoiceMigrations());
  GroupCommit writes(*database, {}, [](std::string_view) { std::abort(); });
  std::future<void> created;
  const auto is_created = [&created] {
    return created.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  const absl::Status held = writes.SubmitAndWait(SteadyTime::Never(), [&](Connection& connection) {
    ProjectionPosition::Lock(connection);
    created = std::async(std::launch::async, [this] { Create(); });
    int waiting = 0;
    EXPECT_TRUE(Await([&] {
      connection.sql() << "SELECT count(*) FROM pg_stat_activity"
                          " WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))",
          soci::into(waiting);
      return waiting > 0 || is_created();
    }));
    EXPECT_FALSE(is_created());
    return absl::OkStatus();
  });
  EXPECT_EQ(held, absl::OkStatus());
  created.get();
}

TEST_F(InvoiceProcessTest, BadFlagsEndItWithTwo) {
  for (const char* flag : {"--jwks_path=", "--calls_in_flight_max=0", "--no_such_flag=1"}) {
    EXPECT_EQ(Start({flag}).Wait(), 2) << flag;
  }
}

TEST_F(InvoiceProcessTest, ADatabaseThatCannotBeUsedEndsItWithOneAndAMessage) {
  std::ofstream(dir_.File("broken.db")) << std::string(8192, 'x');
  EXPECT_EQ(Start({"--database_url=sqlite:" + dir_.File("broken.db")}).Wait(), 1);
  EXPECT_NE(Log().find("--database_url"), std::string::npos) << Log();
}

TEST_F(InvoiceProcessTest, TheTokenNeverReachesTheLog) {
  ChildProcess process = Start();
  ASSERT_TRUE(Await([this] { return comments_.streams_opened() > 0; }));
  process.Signal(SIGTERM);
  process.Wait();
  std::string token;
  std::ifstream(dir_.File("token")) >> token;
  EXPECT_EQ(Log().find(token.substr(0, 20)), std::string::npos);
}

}  // namespace
}  // namespace marginalia
