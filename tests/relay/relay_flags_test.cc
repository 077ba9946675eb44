// How the relay is turned on, and how it proves itself to a broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/comments_service/service_under_test.h"
#include "tests/relay/relay_fixture.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/tls/certificate_authority.h"

namespace marginalia {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kPassword[] = "s3cret-canary";

class RelayFlagsTest : public testing::Test {
 protected:
  // How the service ends with these flags, and what it says.
  std::pair<int, std::string> Run(const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {
        COMMENTS_SERVICE_BINARY, "--listen_address=127.0.0.1:0", "--metrics_address=127.0.0.1:0",
        "--jwks_path=" + Mint().jwks_path(), "--database_url=sqlite:" + directory_.File("c.db")};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const std::string log = directory_.File(std::to_string(++runs_) + ".log");
    const int code = ChildProcess(arguments, ChildOptions{.stderr_path = log}).Wait();
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    return {code, text.str()};
  }

  TempDir directory_;
  int runs_ = 0;
};

TEST_F(RelayFlagsTest, BadValuesEndTheProcessAndSayNoPassword) {
  const std::string secret = std::string("user:") + kPassword;
  for (const std::string& url : std::vector<std::string>{
           "127.0.0.1:4222", "http://" + secret + "@broker:4222", "nats://",
           "nats://" + secret + "@", "nats://" + secret + "@broker:0",
           "nats://" + secret + "@broker:65536", "nats://" + secret + "@broker:4222/stream",
           "nats://" + secret + "@bro ker", "nats://broker,",
           "nats://broker,amqp://" + secret + "@broker"}) {
    const auto [code, said] = Run({"--nats_url=" + url});
    EXPECT_EQ(code, 2) << url;
    EXPECT_THAT(said, HasSubstr("nats_url")) << url;
    EXPECT_THAT(said, Not(HasSubstr(kPassword)));
  }
  for (const auto& [flag, words] : std::vector<std::pair<std::string, std::string>>{
           {"--nats_stream=", "nats_stream"},
           {"--nats_stream=a.b", "nats_stream"},
           {"--nats_stream=" + std::string(65, 'a'), "nats_stream"},
           {"--nats_ca_path=ca.pem", "needs --nats_url"},
           {"--nats_credentials_path=user.creds", "needs --nats_url"}}) {
    const auto [code, said] = Run({flag});
    EXPECT_EQ(code, 2) << flag;
    EXPECT_THAT(said, HasSubstr(words));
  }
}

TEST_F(RelayFlagsTest, FilesThatCannotBeReadEndTheProcess) {
  for (const std::string flag : {"nats_ca_path", "nats_credentials_path"}) {
    const auto [code, said] =
        Run({"--nats_url=nats://broker", "--" + flag + "=" + directory_.File("absent")});
    EXPECT_EQ(code, 1) << flag;
    EXPECT_THAT(said, HasSubstr(flag));
    EXPECT_THAT(said, HasSubstr("absent"));
  }
}

TEST_F(RelayFlagsTest, ABrokerWithTlsAndAPasswordIsReachedAndThePasswordIsNowhereInTheLog) {
  const CertificateAuthority authority("broker authority");
  const CertificateAuthority stranger("another authority");
  PutFile(directory_.File("broker.pem"), authority.Certify("broker").both());
  PutFile(directory_.File("ca.pem"), authority.certificate());
  PutFile(directory_.File("stranger.pem"), stranger.certificate());
  NatsServer broker({"--tls", "--tlscert", directory_.File("broker.pem"), "--tlskey",
                     directory_.File("broker.pem"), "--user", "relay", "--pass", kPassword});
  broker.Start();
  RelayingService service("sqlite:" + directory_.File("tls.db"),
                          std::string("nats://relay:") + kPassword + "@" + broker.address());
  service.Start({"--nats_ca_path=" + directory_.File("stranger.pem")});
  ASSERT_TRUE(service.log().WaitFor("events are not relayed").has_value());
  EXPECT_EQ(service.Stop(), 0);
  service.Start({"--nats_ca_path=" + directory_.File("ca.pem")});
  service.As("org", "dana").Post("INV-1", "A comment.");
  EXPECT_TRUE(service.log().WaitFor("\"message\":\"relaying events").has_value());
  EXPECT_TRUE(Await([&] { return service.Metric("marginalia_relay_published_total") == 1; }));
  EXPECT_EQ(service.Stop(), 0);
  service.Start(
      {"--nats_ca_path=" + directory_.File("ca.pem"),
       std::string("--nats_url=tls://relay:wrong-") + kPassword + "@" + broker.address()});
  ASSERT_TRUE(service.log().WaitFor("cannot connect to tls://" + broker.address()).has_value());
  EXPECT_EQ(service.CountInLog(kPassword), 0u);
}

}  // namespace
}  // namespace marginalia
