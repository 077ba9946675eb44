// gRPC over TLS: who is let in, and as what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "services/errors/errors.h"
#include "services/net/listener.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_status.h"
#include "tests/support/await.h"
#include "tests/support/temp_dir.h"
#include "tests/tls/certificate_authority.h"
#include "tests/tls/secure_server.h"
#include "tests/tls/tls_client.h"

namespace marginalia {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

class RpcTlsTest : public testing::Test {
 protected:
  // A client that believes `authority` and presents nothing.
  UpstreamTls Trusting(const CertificateAuthority& authority) {
    UpstreamTls tls{.ca_path = NewFile(authority.certificate())};
    return tls;
  }
  // The same with a certificate.
  UpstreamTls Presenting(const Certified& certified) {
    UpstreamTls tls = Trusting(authority_);
    tls.identity = {NewFile(certified.certificate), NewFile(certified.key)};
    return tls;
  }
  std::string NewFile(const std::string& text) {
    const std::string path = directory_.File(std::to_string(++files_) + ".pem");
    PutFile(path, text);
    return path;
  }
  static std::string Reason(const grpc::Status& status) { return ReasonOf(FromGrpc(status)); }

  TempDir directory_;
  int files_ = 0;
  const CertificateAuthority authority_{"our authority"};
  const CertificateAuthority stranger_{"another authority"};
};

TEST_F(RpcTlsTest, AClientThatTrustsTheServersAuthorityIsServed) {
  SecureServer server(authority_, Clients::kAnybody);
  const grpc::Status status = server.CallAs("member", Trusting(authority_));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(RpcTlsTest, AHostHasSoManyHandshakesASecond) {
  SecureServer server(authority_, Clients::kAnybody);
  const Stopwatch since;
  for (int i = 0; i < 3 * kHandshakesPerSecond; ++i) {
    const TlsClient client(server.address(), {authority_.certificate()});
    ASSERT_TRUE(client.connected()) << client.error();
  }
  // One second's worth at once, and the others at the rate.
  EXPECT_GE(since.elapsed(), absl::Seconds(2) - absl::Seconds(1) / kHandshakesPerSecond);
}

TEST_F(RpcTlsTest, APlainClientIsRefused) {
  SecureServer server(authority_, Clients::kAnybody);
  EXPECT_EQ(server.CallAs("member", {}).error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(RpcTlsTest, AServerOfAnotherAuthorityIsRefused) {
  SecureServer server(authority_, Clients::kAnybody);
  EXPECT_EQ(server.CallAs("member", Trusting(stranger_)).error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(RpcTlsTest, AServerWithTheCertificateOfAnotherHostIsRefused) {
  SecureServer server(authority_, Clients::kAnybody);
  PutFile(server.identity_path(),
          authority_.CertifyAs({"elsewhere", "DNS:elsewhere,IP:127.0.0.2"}).both());
  EXPECT_TRUE(Await([&] {
    return server.CallAs("member", Trusting(authority_)).error_code() == StatusCode::UNAVAILABLE;
  }));
}

TEST_F(RpcTlsTest, AClientWithoutACertificateIsRefusedWhereOneIsAskedFor) {
  SecureServer server(authority_, Clients::kWithCertificate);
  EXPECT_EQ(server.CallAs("member", Trusting(authority_)).error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(RpcTlsTest, AClientCertificateOfAnotherAuthorityIsRefused) {
  SecureServer server(authority_, Clients::kWithCertificate);
  EXPECT_EQ(server.CallAs("member", Presenting(stranger_.Certify("gateway"))).error_code(),
            StatusCode::UNAVAILABLE);
  const grpc::Status status = server.CallAs("member", Presenting(authority_.Certify("gateway")));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(RpcTlsTest, NoVersionBefore12IsSpoken) {
  SecureServer server(authority_, Clients::kAnybody);
  FlushLog();
  testing::internal::CaptureStderr();
  for (const int old : {TLS1_VERSION, TLS1_1_VERSION}) {
    EXPECT_FALSE(TlsClient(server.address(), {authority_.certificate(), old}).connected());
  }
  FlushLog();
  // gRPC closes without a word to the client.
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("unsupported protocol"));
  for (const int good : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsClient client(server.address(), {authority_.certificate(), good});
    EXPECT_TRUE(client.connected()) << client.error();
  }
}

TEST_F(RpcTlsTest, AServiceIsAdmittedOverACertificateWithANameOnTheList) {
  SecureServer server(authority_, Clients::kWithCertificate, {"gateway", "invoice-service"});
  for (const Subject& subject :
       {Subject{"anything", "DNS:gateway"},
        Subject{"anything", "DNS:elsewhere,DNS:invoice-service"}, Subject{"gateway", ""}}) {
    const grpc::Status status = server.CallAs("service", Presenting(authority_.CertifyAs(subject)));
    EXPECT_TRUE(status.ok()) << subject.common_name << " " << subject.alternative_names << ": "
                             << status.error_message();
  }
  EXPECT_EQ(server.Refusals("CLIENT_NOT_ALLOWED"), "0");
}

TEST_F(RpcTlsTest, AServiceOverAnotherCertificateIsRefusedInEveryKindOfCallAndCounted) {
  SecureServer server(authority_, Clients::kWithCertificate, {"gateway"});
  // A name that only contains one on the list is another one.
  for (const char* name : {"laptop", "gateway.example", "GATEWAY"}) {
    const UpstreamTls tls = Presenting(authority_.Certify(name));
    for (const grpc::Status& status :
         {server.CallAs("service", tls), server.WatchAs("service", tls)}) {
      EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED) << status.error_message();
      EXPECT_EQ(Reason(status), "CLIENT_NOT_ALLOWED");
    }
  }
  EXPECT_EQ(server.Refusals("CLIENT_NOT_ALLOWED"), "6");
}

TEST_F(RpcTlsTest, APersonIsAdmittedOverAnyVerifiedCertificate) {
  SecureServer server(authority_, Clients::kWithCertificate, {"gateway"});
  for (const char* name : {"gateway", "laptop"}) {
    const UpstreamTls tls = Presenting(authority_.Certify(name));
    EXPECT_TRUE(server.CallAs("member", tls).ok()) << name;
    EXPECT_TRUE(server.WatchAs("member", tls).ok()) << name;
  }
}

TEST_F(RpcTlsTest, WithoutAListAServiceIsAdmittedOverAnyVerifiedCertificate) {
  SecureServer server(authority_, Clients::kWithCertificate);
  const grpc::Status status = server.CallAs("service", Presenting(authority_.Certify("laptop")));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(RpcTlsTest, AListWithoutVerifiedClientsAdmitsNoService) {
  SecureServer server(authority_, Clients::kAnybody, {"gateway"});
  EXPECT_EQ(Reason(server.CallAs("service", Presenting(authority_.Certify("gateway")))),
            "CLIENT_NOT_ALLOWED");
}

TEST_F(RpcTlsTest, AFaultyCertificateIsGotOverAsSoonAsAGoodOneIsThere) {
  SecureServer server(authority_, Clients::kAnybody);
  PutFile(server.identity_path(),
          authority_.Certify("server").certificate + authority_.Certify("server").key);
  const auto issuer = [&server, this] {
    return TlsClient(server.address(), {authority_.certificate() + stranger_.certificate()})
        .issuer();
  };
  EXPECT_TRUE(Await([&issuer] { return issuer().empty(); }));
  PutFile(server.identity_path(), stranger_.Certify("server").both());
  EXPECT_TRUE(Await([&issuer] { return issuer() == "another authority"; }));
}

}  // namespace
}  // namespace marginalia
