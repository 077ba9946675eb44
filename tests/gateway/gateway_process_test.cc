// The binary: how it starts, serves and ends.
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "deploy/keys/token_mint.h"
#include "gateway/http/server.h"
#include "services/identity/token_verifier.h"
#include "tests/gateway/raw_connection.h"
#include "tests/gateway/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/http_client.h"
#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

class GatewayProcessTest : public testing::Test {
 protected:
  ChildProcess Start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {GATEWAY_BINARY,
                                          "--listen_address=127.0.0.1:0",
                                          "--metrics_address=127.0.0.1:0",
                                          "--jwks_path=" + mint_->jwks_path(),
                                          "--comments_address=127.0.0.1:9",
                                          "--invoices_address=127.0.0.1:9"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ChildProcess(arguments, {.stderr_path = log_.path()});
  }
  // Of the process that has started last.
  std::string Address() {
    const std::string line = log_.WaitFor("\"message\":\"listening\"").value_or("");
    const std::string key = "\"address\":\"";
    const std::size_t begin = line.find(key);
    if (begin == std::string::npos) return "";
    return line.substr(begin + key.size(), line.find('"', begin + key.size()) - begin - key.size());
  }

  TempDir dir_;
  const std::unique_ptr<TokenMint> mint_ = *TokenMint::Open(dir_.File("keys"));
  LogReader log_{dir_.File("log")};
};

TEST_F(GatewayProcessTest, WithItsServicesGoneItLivesAndIsNotReady) {
  ChildProcess process = Start();
  HttpClient client(Address());
  EXPECT_EQ(client.Get("/healthz").status, 200);
  EXPECT_EQ(client.Get("/readyz").status, 503);
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_TRUE(log_.WaitFor("\"message\":\"stopped\"").has_value());
}

TEST_F(GatewayProcessTest, BadFlagsEndItWithTwo) {
  for (const char* flag :
       {"--jwks_path=", "--no_such_flag=1", "--drain_grace=soon", "--idle_connection_max=0s",
        "--idle_connection_max=999ms", "--idle_connection_max=61m", "--idle_connection_max=inf"}) {
    ChildProcess process = Start({flag});
    EXPECT_EQ(process.Wait(), 2) << flag;
  }
}

TEST_F(GatewayProcessTest, AnIdleConnectionIsKeptAsLongAsTheFlagSays) {
  ChildProcess process = Start({"--idle_connection_max=1s"});
  RawConnection connection(Address());
  connection.Send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(connection.ReadUntil("{\"status\":\"ok\"}"), "");
  EXPECT_TRUE(connection.AwaitEnd());
  // Unless it is said, longer than the 60 s of common load balancers.
  EXPECT_GT(HttpServerOptions().idle_max, absl::Seconds(60));
}

TEST_F(GatewayProcessTest, ADemosSignInIsWarnedOf) {
  ChildProcess process = Start({"--demo_people_path=" + dir_.File("people.json")});
  HttpClient client(Address());
  EXPECT_EQ(client.Get("/invoices").status, 303);
  EXPECT_TRUE(log_.WaitFor("everybody can sign in as anybody of the demo").has_value());
}

TEST_F(GatewayProcessTest, AnAddressThatIsTakenIsNamed) {
  ChildProcess first = Start();
  const std::string address = Address();
  ChildProcess second = Start({"--listen_address=" + address});
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_TRUE(log_.WaitFor("gateway: --listen_address").has_value());
}

// In front of a comments-service.
class ServingProcessTest : public GatewayProcessTest {
 protected:
  ServingProcessTest() {
    comments_.AddInvoice("northlight", "INV-1");
    // A thread with a comment is known without invoice-service, which is not there.
    comments_.Post("northlight", "INV-1", "first");
    const std::string token_path = dir_.File("gateway.token");
    std::ofstream(token_path) << mint_->Mint({.sub = "gateway", .role = "service"});
    flags_ = {"--comments_address=" + comments_.address(), "--service_token_path=" + token_path};
  }

  std::string Token(const std::string& org = "northlight") const {
    return mint_->Mint({.org = org, .sub = "dana", .name = "dana", .role = "member"});
  }
  static HttpClient::Headers With(const std::string& token) {
    return {{"Authorization", "Bearer " + token}};
  }
  static bool AwaitReady(const std::string& address) {
    HttpClient client(address);
    return Await([&client] { return client.Get("/readyz").status == 200; });
  }

  const std::unique_ptr<TokenVerifier> tokens_ = *TokenVerifier::Create(
      {.jwks_path = mint_->jwks_path(), .issuer = mint_->issuer(), .audience = mint_->audience()});
  ScriptedComments comments_{*tokens_};
  std::vector<std::string> flags_;
};

TEST_F(ServingProcessTest, TheLogSaysThatTheGatewaysOwnTokenIsRefusedAndWhy) {
  std::ofstream(dir_.File("gateway.token"))
      << mint_->Mint({.sub = "gateway", .role = "service"}, -absl::Minutes(1));
  ChildProcess process = Start(flags_);
  const auto line =
      log_.WaitFor("refuses this process's own token: check that --service_token_path");
  ASSERT_TRUE(line.has_value());
  EXPECT_NE(line->find("has expired"), std::string::npos) << *line;
}

TEST_F(ServingProcessTest, SigtermEndsOpenStreamsAndTheProcess) {
  flags_.push_back("--drain_grace=60s");
  ChildProcess process = Start(flags_);
  const std::string address = Address();
  ASSERT_TRUE(AwaitReady(address));
  HttpClient browser(address);
  ASSERT_EQ(browser.OpenStream("/api/invoices/INV-1/events", With(Token())).status, 200);
  comments_.Post("northlight", "INV-1", "last words");
  while (const auto event = browser.NextEvent()) {
    if (event->event == "comment_added") break;
  }
  const auto start = std::chrono::steady_clock::now();
  process.Signal(SIGTERM);
  EXPECT_FALSE(browser.NextEvent().has_value());
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(ServingProcessTest, ABrowserThatDoesNotReadHoldsTheEndUpOnlyForTheGracePeriod) {
  flags_.push_back("--drain_grace=200ms");
  ChildProcess process = Start(flags_);
  const std::string address = Address();
  ASSERT_TRUE(AwaitReady(address));
  RawConnection browser(address, /*receive_buffer_bytes=*/4 * 1024);
  browser.Send("GET /api/invoices/INV-1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
               Token() + "\r\n\r\n");
  EXPECT_NE(browser.ReadUntil("checkpoint"), "");
  for (int i = 0; i < 30; ++i) comments_.Post("northlight", "INV-1", std::string(8'000, 'x'));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
}

TEST_F(ServingProcessTest, WhatIsSecretOrHostileStaysOutOfTheLogWhoseLinesAreJson) {
  ChildProcess process = Start(flags_);
  const std::string address = Address();
  ASSERT_TRUE(AwaitReady(address));
  HttpClient client(address);
  const std::string thread = "/api/invoices/INV-1/comments";
  const std::string token = Token();
  EXPECT_EQ(
      client.Post(thread, R"({"body":"canary\r\n{\"severity\":\"error\"}"})", With(token)).status,
      201);
  EXPECT_EQ(client.Post(thread, R"({"canary":"canary"})", With(token)).status, 400);
  EXPECT_EQ(client.Post(thread, "canary", With(token)).status, 400);
  EXPECT_EQ(client.Get(thread + "?cursor=canary", With(token)).status, 400);
  EXPECT_EQ(client.Get("/api/invoices/canary%0d%0a%7b/comments", With(token)).status, 400);
  EXPECT_EQ(client.Get("/canary", With(token)).status, 404);
  EXPECT_EQ(client.Get(thread, With("canary.canary.canary")).status, 401);
  EXPECT_EQ(client.Get(thread + "?x=canary", {{"Cookie", "session=canary"}}).status, 401);
  EXPECT_EQ(client.Get("/api/invoices/INV-1/events?after=canary", With(token)).status, 400);
  client.Get(thread, With(Token("evil\r\n{\"org\":1}")));
  const HttpClient::Headers browser = {{"Cookie", "__Host-marginalia=" + token},
                                       {"Sec-Fetch-Site", "same-origin"}};
  EXPECT_EQ(client.Get("/invoices/INV-1?cursor=canary", browser).status, 400);
  EXPECT_EQ(client.Get("/invoices/canary", browser).status, 404);
  EXPECT_EQ(client.Get("/canary", {{"Accept", "text/html"}}).status, 404);
  EXPECT_EQ(client.Get("/invoices", {{"Cookie", "__Host-marginalia=canary"}}).status, 401);
  const HttpAnswer renamed = client.Get("/healthz", {{"X-Request-Id", "canary id"}});
  EXPECT_EQ(renamed.headers.at("x-request-id").find("canary"), std::string::npos);
  client.SendRaw("canary\r\n\r\n");
  const HttpAnswer last = client.Get("/healthz", {{"X-Request-Id", "the-last-one"}});
  EXPECT_EQ(last.headers.at("x-request-id"), "the-last-one");
  ASSERT_TRUE(log_.WaitFor("the-last-one").has_value());

  const std::string signature = token.substr(token.rfind('.'));
  for (const std::string& line : log_.lines()) {
    EXPECT_EQ(line.find("canary"), std::string::npos) << line;
    EXPECT_EQ(line.find(signature), std::string::npos) << line;
    boost::system::error_code error;
    EXPECT_TRUE(boost::json::parse(line, error).is_object()) << line;
  }
}

}  // namespace
}  // namespace marginalia
