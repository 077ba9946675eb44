// The binary: how it starts, serves and ends.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "deploy/demo/token_mint.h"
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
  for (const char* flag : {"--jwks_path=", "--no_such_flag=1", "--drain_grace=soon"}) {
    ChildProcess process = Start({flag});
    EXPECT_EQ(process.Wait(), 2) << flag;
  }
}

TEST_F(GatewayProcessTest, AnAddressThatIsTakenIsNamed) {
  ChildProcess first = Start();
  const std::string address = Address();
  ChildProcess second = Start({"--listen_address=" + address});
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_TRUE(log_.WaitFor("gateway: --listen_address").has_value());
}

}  // namespace
}  // namespace marginalia
