// The flags of TLS: what each process says to those that will not do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/tls/certificate_authority.h"

namespace marginalia {
namespace {

using testing::HasSubstr;
using testing::Not;

class TlsFlagsTest : public testing::TestWithParam<const char*> {
 protected:
  TlsFlagsTest() {
    const CertificateAuthority authority("our authority");
    const Certified certified = authority.Certify("gateway");
    Put("ca", authority.certificate());
    Put("certificate", certified.certificate);
    Put("key", certified.key);
    Put("other_key", authority.Certify("gateway").key);
    Put("garbage", "no PEM");
  }

  std::string Path(const std::string& name) const { return directory_.File(name + ".pem"); }
  void Put(const std::string& name, const std::string& text) { PutFile(Path(name), text); }

  // "flag=name of a file" each. What the process says goes to said_; it always ends, because it has
  // no --jwks_path.
  int ExitCodeWith(const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {GetParam()};
    for (const std::string& flag : flags) {
      const std::size_t equals = flag.find('=');
      const std::string value = flag.substr(equals + 1);
      arguments.push_back("--" + flag.substr(0, equals + 1) +
                          (value.find(':') == value.npos ? Path(value) : value));
    }
    const std::string log = directory_.File("log");
    std::ofstream(log, std::ios::trunc).close();
    const int code = ChildProcess(arguments, {.stderr_path = log}).Wait();
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    said_ = text.str();
    return code;
  }

  TempDir directory_;
  std::string said_;
};

TEST_P(TlsFlagsTest, OneHalfOfAnIdentityEndsTheProcessWith2AndNamesTheOther) {
  EXPECT_EQ(ExitCodeWith({"tls_certificate_path=certificate"}), 2);
  EXPECT_THAT(said_, HasSubstr("flag --tls_key_path"));
  EXPECT_EQ(ExitCodeWith({"tls_key_path=key"}), 2);
  EXPECT_THAT(said_, HasSubstr("flag --tls_certificate_path"));
  EXPECT_EQ(ExitCodeWith({"upstream_ca_path=ca", "upstream_certificate_path=certificate"}), 2);
  EXPECT_THAT(said_, HasSubstr("flag --upstream_key_path"));
  EXPECT_EQ(ExitCodeWith({"upstream_ca_path=ca", "upstream_key_path=key"}), 2);
  EXPECT_THAT(said_, HasSubstr("flag --upstream_certificate_path"));
  EXPECT_EQ(ExitCodeWith({"upstream_certificate_path=certificate", "upstream_key_path=key"}), 2);
  EXPECT_THAT(said_, HasSubstr("flag --upstream_ca_path"));
}

TEST_P(TlsFlagsTest, AFileThatWillNotDoEndsTheProcessWith1AndIsNamed) {
  EXPECT_EQ(ExitCodeWith({"tls_certificate_path=absent", "tls_key_path=key"}), 1);
  EXPECT_THAT(said_, HasSubstr("cannot read " + Path("absent") + ": No such file"));
  EXPECT_EQ(ExitCodeWith({"tls_certificate_path=garbage", "tls_key_path=key"}), 1);
  EXPECT_THAT(said_, HasSubstr(Path("garbage") + " holds no certificate in PEM"));
  EXPECT_EQ(ExitCodeWith({"tls_certificate_path=certificate", "tls_key_path=garbage"}), 1);
  EXPECT_THAT(said_, HasSubstr(Path("garbage") + " holds no private key in PEM"));
  EXPECT_EQ(ExitCodeWith({"upstream_ca_path=garbage"}), 1);
  EXPECT_THAT(said_, HasSubstr("--upstream_ca_path: " + Path("garbage")));
}

TEST_P(TlsFlagsTest, AKeyOfAnotherCertificateEndsTheProcessWith1) {
  const std::string words = "the key in " + Path("other_key") + " does not belong to the certifica";
  EXPECT_EQ(ExitCodeWith({"tls_certificate_path=certificate", "tls_key_path=other_key"}), 1);
  EXPECT_THAT(said_, HasSubstr("--tls_certificate_path: " + words));
  EXPECT_EQ(ExitCodeWith({"upstream_ca_path=ca", "upstream_certificate_path=certificate",
                          "upstream_key_path=other_key"}),
            1);
  EXPECT_THAT(said_, HasSubstr("--upstream_certificate_path: " + words));
}

TEST_P(TlsFlagsTest, PlainTextIsWarnedOfWhereOthersCanConnect) {
  for (const char* address : {"listen_address=0.0.0.0:0", "listen_address=[::]:0"}) {
    EXPECT_EQ(ExitCodeWith({address}), 2);
    EXPECT_THAT(said_, HasSubstr("nothing is encrypted"));
    EXPECT_EQ(ExitCodeWith({address, "tls_certificate_path=certificate", "tls_key_path=key"}), 2);
    EXPECT_THAT(said_, Not(HasSubstr("nothing is encrypted")));
  }
  for (const char* address : {"127.0.0.1:0", "[::1]:0", "localhost:0"}) {
    EXPECT_EQ(ExitCodeWith({std::string("listen_address=") + address}), 2);
    EXPECT_THAT(said_, Not(HasSubstr("nothing is encrypted"))) << address;
  }
}

INSTANTIATE_TEST_SUITE_P(Processes, TlsFlagsTest,
                         testing::Values(COMMENTS_SERVICE_BINARY, INVOICE_SERVICE_BINARY,
                                         GATEWAY_BINARY),
                         [](const auto& binary) {
                           const std::string path = binary.param;
                           std::string name = path.substr(path.rfind('/') + 1);
                           std::erase(name, '-');
                           return name;
                         });

class ClientFlagsTest : public TlsFlagsTest {};

TEST_P(ClientFlagsTest, AuthoritiesOfClientsNeedACertificateOfOurOwn) {
  EXPECT_EQ(ExitCodeWith({"tls_client_ca_path=ca"}), 2);
  EXPECT_THAT(said_, HasSubstr("flag --tls_client_ca_path"));
  EXPECT_EQ(ExitCodeWith({"tls_certificate_path=certificate", "tls_key_path=key",
                          "tls_client_ca_path=absent"}),
            1);
  EXPECT_THAT(said_, HasSubstr("--tls_client_ca_path: cannot read"));
}

TEST_P(ClientFlagsTest, NamesOfServicesNeedVerifiedClients) {
  EXPECT_EQ(ExitCodeWith({"tls_certificate_path=certificate", "tls_key_path=key",
                          "service_client_names=DNS:gateway"}),
            2);
  EXPECT_THAT(said_, HasSubstr("flag --service_client_names"));
}

INSTANTIATE_TEST_SUITE_P(Services, ClientFlagsTest,
                         testing::Values(COMMENTS_SERVICE_BINARY, INVOICE_SERVICE_BINARY));

}  // namespace
}  // namespace marginalia
