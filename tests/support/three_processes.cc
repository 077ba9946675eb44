#include "tests/support/three_processes.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "comments-service/record/checkpoint.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "services/process/or_exit.h"
#include "services/rpc/client/channel.h"
#include "services/tokens/token_keys.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kReadyMax{20};
constexpr std::chrono::seconds kProbeMax{3};

// The value of a string field in one line of the log.
std::string FieldOf(const std::string& line, std::string_view name) {
  const std::string key = absl::StrCat("\"", std::string(name), "\":\"");
  const std::size_t begin = line.find(key);
  if (begin == std::string::npos) return "";
  const std::size_t value = begin + key.size();
  return line.substr(value, line.find('"', value) - value);
}

}  // namespace

ProcessUnderTest::ProcessUnderTest(std::string binary, std::string log_path)
    : binary_(std::move(binary)), log_(std::move(log_path)) {}

void ProcessUnderTest::Launch(const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {binary_};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  process_ = std::make_unique<ChildProcess>(std::move(arguments),
                                            ChildOptions{.stderr_path = log_.path()});
}

void ProcessUnderTest::Start(const std::vector<std::string>& flags) {
  const std::size_t seen = log_.size();
  Launch(flags);
  const auto line = log_.WaitFor("\"message\":\"listening\"", seen);
  if (!line.has_value()) {
    for (const std::string& said : log_.lines()) ADD_FAILURE() << binary_ << " said: " << said;
    FAIL() << binary_ << " does not listen";
  }
  address_ = FieldOf(*line, "address");
  metrics_address_ = FieldOf(*line, "metrics_address");
}

void ProcessUnderTest::Stop() {
  Signal(SIGSTOP);
  siginfo_t change;
  // Leaves the report to whoever waits for the end of the process.
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid()), &change, WSTOPPED | WNOWAIT), 0);
}

bool ProcessUnderTest::EndsWithin(std::chrono::seconds time) {
  return Await(
      [this] {
        siginfo_t change{};
        // Leaves the report to Wait.
        return waitid(P_PID, static_cast<id_t>(pid()), &change, WEXITED | WNOWAIT | WNOHANG) == 0 &&
               change.si_pid != 0;
      },
      time);
}

bool ProcessUnderTest::IsServing() const {
  using grpc::health::v1::HealthCheckResponse;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kProbeMax);
  HealthCheckResponse health;
  return grpc::health::v1::Health::NewStub(ConnectTo(address_))
             ->Check(&context, {}, &health)
             .ok() &&
         health.status() == HealthCheckResponse::SERVING;
}

void ProcessUnderTest::Kill() {
  Signal(SIGKILL);
  Wait();
}

ThreeProcesses::ThreeProcesses(ThreeProcessesOptions options)
    : options_(std::move(options)),
      mint_(TokenMint::Open(directory_.File("keys")).value()),
      comments_(COMMENTS_SERVICE_BINARY, directory_.File("comments.log")),
      invoices_(INVOICE_SERVICE_BINARY, directory_.File("invoices.log")),
      gateway_(GATEWAY_BINARY, directory_.File("gateway.log")) {
  if (options_.comments_url.empty()) {
    options_.comments_url = "sqlite:" + directory_.File("comments.db");
  }
  if (options_.invoices_url.empty()) {
    options_.invoices_url = "sqlite:" + directory_.File("invoices.db");
  }
  std::ofstream(directory_.File("token.key")) << std::string(64, '7');
  std::filesystem::permissions(directory_.File("token.key"), std::filesystem::perms(0600));
  // Whoever forges tokens in a test is one who holds the key.
  OrExit(UseTokenKeys(directory_.File("token.key")), "token.key");
  const SigningKey signing = SigningKey::Make();
  checkpoint_key_ = signing.Verifier(kCheckpointKeyName).Text();
  std::ofstream(directory_.File("checkpoint.pem")) << signing.Pem();
  std::filesystem::permissions(directory_.File("checkpoint.pem"), std::filesystem::perms(0600));
  std::ofstream(directory_.File("service.jwt"))
      << mint_->Mint({.sub = "marginalia", .role = "service"}, absl::Hours(24));
  StartComments();
  StartInvoices();
  StartGateway();
  // The gateway does not wait for counts to be known.
  EXPECT_TRUE(Await([this] { return invoices_.IsServing(); }, kReadyMax));
  comments_stub_ =
      marginalia::comments::v1::CommentsService::NewStub(ConnectTo(comments_front_.address()));
  invoices_stub_ =
      marginalia::invoices::v1::InvoicesService::NewStub(ConnectTo(invoices_front_.address()));
}

ThreeProcesses::~ThreeProcesses() = default;

std::vector<std::string> ThreeProcesses::CommonFlags() const {
  std::vector<std::string> flags = {
      "--listen_address=127.0.0.1:0", "--metrics_address=127.0.0.1:0",
      "--jwks_path=" + mint_->jwks_path(), "--token_key_path=" + directory_.File("token.key"),
      // A client of the test that is idle reads the server's goodbye only every five seconds.
      "--drain_grace=2s"};
  flags.insert(flags.end(), options_.common_flags.begin(), options_.common_flags.end());
  return flags;
}

void ThreeProcesses::StartComments(const std::vector<std::string>& more_flags) {
  std::vector<std::string> flags = CommonFlags();
  flags.push_back("--database_url=" + options_.comments_url);
  flags.push_back("--invoices_address=" + invoices_front_.address());
  flags.push_back("--checkpoint_key_path=" + directory_.File("checkpoint.pem"));
  flags.insert(flags.end(), more_flags.begin(), more_flags.end());
  comments_.Start(flags);
  comments_front_.LeadTo(comments_.address());
  projector_link_.LeadTo(comments_.address());
}

void ThreeProcesses::StartInvoices() {
  std::vector<std::string> flags = CommonFlags();
  flags.push_back("--database_url=" + options_.invoices_url);
  flags.push_back("--comments_address=" + projector_link_.address());
  flags.push_back("--service_token_path=" + directory_.File("service.jwt"));
  invoices_.Start(flags);
  invoices_front_.LeadTo(invoices_.address());
}

void ThreeProcesses::StartGateway() {
  std::vector<std::string> flags = CommonFlags();
  flags.push_back("--comments_address=" + comments_front_.address());
  flags.push_back("--invoices_address=" + invoices_front_.address());
  flags.push_back("--service_token_path=" + directory_.File("service.jwt"));
  gateway_.Start(flags);
  gateway_front_.LeadTo(gateway_.address());
  // Each question waits for an answer, so this asks only as often as the gateway replies.
  HttpClient client(gateway_.address());
  const auto until = std::chrono::steady_clock::now() + kReadyMax;
  while (client.Get("/readyz").status != 200) {
    if (std::chrono::steady_clock::now() > until) FAIL() << "the gateway does not become ready";
    std::this_thread::yield();
  }
}

std::string ThreeProcesses::Token(const std::string& user, const std::string& role,
                                  const std::string& org, absl::Duration lifetime) const {
  return mint_->Mint({.org = org, .sub = user, .name = user, .role = role}, lifetime);
}

void ThreeProcesses::Prepare(grpc::ClientContext& context, const std::string& token,
                             std::chrono::milliseconds limit, bool wait_for_ready) const {
  context.AddMetadata("authorization", "Bearer " + token);
  context.set_deadline(std::chrono::system_clock::now() + limit);
  context.set_wait_for_ready(wait_for_ready);
}

std::string ThreeProcesses::MetricsOf(ProcessUnderTest& process) {
  return HttpClient(process.metrics_address()).Get("/metrics").body;
}

std::string ThreeProcesses::NewInvoice(const std::string& number, const std::string& org) {
  marginalia::invoices::v1::CreateInvoiceRequest request;
  auto& invoice = *request.mutable_invoice();
  invoice.set_number(number);
  invoice.mutable_customer()->set_name("Acme Corp");
  invoice.set_due_date("2026-06-30");
  invoice.set_currency("USD");
  auto& line = *invoice.add_line_items();
  line.set_description("Design review");
  line.set_amount(480000);
  marginalia::invoices::v1::CreateInvoiceResponse response;
  grpc::ClientContext context;
  Prepare(context, Token("dana", "member", org));
  const grpc::Status status = invoices_stub_->CreateInvoice(&context, request, &response);
  if (!status.ok()) ADD_FAILURE() << "no invoice: " << status.error_message();
  return response.invoice().invoice_id();
}

}  // namespace marginalia
