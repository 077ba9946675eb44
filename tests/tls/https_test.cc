// The gateway's listener with TLS: the same HTTP/1.1, encrypted.
#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/net/listener.h"
#include "services/process/stopwatch.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/raw_connection.h"
#include "tests/support/await.h"
#include "tests/tls/certificate_authority.h"
#include "tests/tls/tls_client.h"

namespace marginalia {
namespace {

// The product looks at its files once a second.
constexpr std::chrono::seconds kSeveralLooks(3);

class HttpsTest : public GatewayFixture {
 protected:
  HttpsTest() {
    certificate_path_ = directory_.File("certificate.pem");
    key_path_ = directory_.File("key.pem");
    Put(authority_.Certify("gateway"));
    options_.http.tls = {certificate_path_, key_path_};
    StartGateway();
    EXPECT_TRUE(Await([this] { return Say("GET /readyz", "").substr(9, 3) == "200"; }));
  }

  void Put(const Certified& certified) {
    PutFile(key_path_, certified.key);
    PutFile(certificate_path_, certified.certificate);
  }

  std::unique_ptr<TlsClient> Connect(int only_version = 0) {
    return std::make_unique<TlsClient>(
        gateway_->address(),
        TlsClientOptions{authority_.certificate() + other_.certificate(), only_version});
  }
  std::string Request(const std::string& line, const std::string& more_headers = "",
                      const std::string& body = "") {
    return absl::StrCat(line, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ",
                        TokenOf("dana", "member", kOrg), "\r\n", more_headers, "\r\n", body);
  }
  std::string PostOf(const std::string& body) {
    const std::string json = absl::StrCat(R"({"body":")", body, R"("})");
    return Request(
        absl::StrCat("POST ", kThread),
        absl::StrCat("Content-Type: application/json\r\nContent-Length: ", json.size(), "\r\n"),
        json);
  }
  // One answer on a connection of its own; at least as long as a status line.
  std::string Say(const std::string& line, const std::string& more_headers) {
    const auto client = Connect();
    client->Send(Request(line, more_headers));
    std::string answer = client->ReadAnswer();
    return answer.empty() ? "HTTP/1.1 000" : answer;
  }

  const CertificateAuthority authority_{"our authority"};
  const CertificateAuthority other_{"the next authority"};
  std::string certificate_path_, key_path_;
};

TEST_F(HttpsTest, RequestsFollowOneAnotherOnOneConnection) {
  const auto client = Connect();
  ASSERT_TRUE(client->connected()) << client->error();
  client->Send(PostOf("over TLS"));
  EXPECT_EQ(client->ReadAnswer().substr(0, 12), "HTTP/1.1 201");
  // Sent ahead: both in one piece.
  client->Send(Request(absl::StrCat("GET ", kThread)) + Request("GET /healthz"));
  EXPECT_NE(client->ReadAnswer().find("over TLS"), std::string::npos);
  EXPECT_EQ(client->ReadAnswer().substr(0, 12), "HTTP/1.1 200");
}

TEST_F(HttpsTest, ABrowserIsToldToComeBackOverHttpsAlone) {
  EXPECT_NE(Say("GET /healthz", "").find("Strict-Transport-Security: max-age=31536000\r\n"),
            std::string::npos);
}

TEST_F(HttpsTest, VersionsFrom12OnAreSpokenAndNoneBefore) {
  EXPECT_EQ(Connect(TLS1_2_VERSION)->version(), "TLSv1.2");
  EXPECT_EQ(Connect(TLS1_3_VERSION)->version(), "TLSv1.3");
  for (const int old : {TLS1_VERSION, TLS1_1_VERSION}) {
    EXPECT_EQ(Connect(old)->error(), "tlsv1 alert protocol version");
  }
}

TEST_F(HttpsTest, PlainHttpIsNotAnswered) {
  RawConnection plain(gateway_->address());
  plain.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(plain.ReadToEnd().find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(HttpsTest, AHostHasSoManyHandshakesASecond) {
  const Stopwatch since;
  for (int i = 0; i < 3 * kHandshakesPerSecond; ++i) ASSERT_TRUE(Connect()->connected()) << i;
  // One second's worth at once, and the others at the rate.
  EXPECT_GE(since.elapsed(), absl::Seconds(2) - absl::Seconds(1) / kHandshakesPerSecond);
}

TEST_F(HttpsTest, AHandshakeThatArrivesTooSlowlyIsCut) {
  options_.http.request_read_max = absl::Seconds(1);
  StartGateway();
  for (const std::string& part : {std::string(), std::string("\x16\x03\x01\x02", 4)}) {
    RawConnection connection(gateway_->address());
    connection.Send(part);
    EXPECT_EQ(connection.ReadToEnd(), "");
  }
}

TEST_F(HttpsTest, ARequestThatArrivesTooSlowlyIsToldSoInOrder) {
  options_.http.request_read_max = absl::Seconds(1);
  StartGateway();
  const auto client = Connect();
  client->Send("GET /healthz HT");
  EXPECT_EQ(client->ReadToEnd().substr(0, 12), "HTTP/1.1 408");
  EXPECT_TRUE(client->ended_in_order());
}

TEST_F(HttpsTest, AnIdleConnectionIsClosedInOrder) {
  options_.http.idle_max = absl::Milliseconds(100);
  StartGateway();
  const auto client = Connect();
  EXPECT_EQ(client->ReadToEnd(), "");
  EXPECT_TRUE(client->ended_in_order());
}

TEST_F(HttpsTest, TooLargeABodyIsRefusedAndTheRefusalArrivesWhole) {
  const auto client = Connect();
  client->Send(Request(absl::StrCat("POST ", kThread),
                       "Content-Type: application/json\r\nContent-Length: 200000\r\n",
                       std::string(200'000, 'a')));
  const std::string answer = client->ReadToEnd();
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 413");
  EXPECT_EQ(answer.back(), '}');
  EXPECT_TRUE(client->ended_in_order());
}

TEST_F(HttpsTest, ALargeAnswerArrivesWhole) {
  const std::string body(1'500'000, 'a');
  comments_->Post(kOrg, kInvoiceId, body);
  EXPECT_NE(Say(absl::StrCat("GET ", kThread), "").find(body), std::string::npos);
}

TEST_F(HttpsTest, EventsArriveAsTheyHappenUntilTheStreamEndsInOrder) {
  const auto stream = Connect();
  stream->Send(Request(absl::StrCat("GET ", kEvents)));
  EXPECT_NE(stream->ReadUntil("event: checkpoint"), "");
  for (int i = 0; i < 100; ++i) {
    comments_->Post(kOrg, kInvoiceId, absl::StrCat("event number ", i, "."));
    EXPECT_NE(stream->ReadUntil(absl::StrCat("event number ", i, ".")), "");
  }
  gateway_->Drain(absl::Seconds(5));
  stream->ReadToEnd();
  EXPECT_TRUE(stream->ended_in_order());
}

TEST_F(HttpsTest, AStreamWhoseReaderLeavesIsClosed) {
  auto stream = Connect();
  stream->Send(Request(absl::StrCat("GET ", kEvents)));
  EXPECT_NE(stream->ReadUntil("event: checkpoint"), "");
  EXPECT_TRUE(AwaitStreams(1));
  stream.reset();
  EXPECT_TRUE(AwaitStreams(0));
}

TEST_F(HttpsTest, NewConnectionsGetANewCertificateAndOpenOnesGoOn) {
  const auto stream = Connect();
  stream->Send(Request(absl::StrCat("GET ", kEvents)));
  EXPECT_NE(stream->ReadUntil("event: checkpoint"), "");
  const auto kept = Connect();
  EXPECT_EQ(kept->issuer(), "our authority");
  Put(other_.Certify("gateway"));
  EXPECT_TRUE(Await([this] { return Connect()->issuer() == "the next authority"; }));
  comments_->Post(kOrg, kInvoiceId, "after the change");
  EXPECT_NE(stream->ReadUntil("after the change"), "");
  kept->Send(Request("GET /healthz"));
  EXPECT_EQ(kept->ReadAnswer().substr(0, 12), "HTTP/1.1 200");
}

TEST_F(HttpsTest, WhileANewKeyDoesNotFitTheLastCertificateStaysInUse) {
  PutFile(key_path_, other_.Certify("gateway").key);
  const auto changed = [this] { return Connect()->issuer() != "our authority"; };
  EXPECT_FALSE(Await(changed, kSeveralLooks));
  std::filesystem::remove(certificate_path_);
  EXPECT_FALSE(Await(changed, kSeveralLooks));
  Put(other_.Certify("gateway"));
  EXPECT_TRUE(Await([this] { return Connect()->issuer() == "the next authority"; }));
}

TEST_F(HttpsTest, ACertificateThatWillNotDoAtTheStartIsNamed) {
  PutFile(key_path_, other_.Certify("gateway").key);
  const auto started = Gateway::Start(options_, *tokens_, *metrics_);
  EXPECT_EQ(started.status().message(),
            absl::StrCat("the key in ", key_path_, " does not belong to the certificate in ",
                         certificate_path_));
}

}  // namespace
}  // namespace marginalia
