// The binary: how it starts, serves and ends.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "deploy/demo/token_mint.h"
#include "tests/projector/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

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

  TempDir dir_;
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

TEST_F(InvoiceProcessTest, WithoutATokenOfItsOwnItSaysWhatWillNotWork) {
  ChildProcess process = Start({"--service_token_path="});
  ASSERT_TRUE(Logs("--service_token_path is empty")) << Log();
  ASSERT_TRUE(Logs("\"listening\"")) << Log();
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
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
