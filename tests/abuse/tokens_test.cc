// Tokens that must not open any door, tried at every door: as a header and as a cookie of the
// gateway, and at both services.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_status.h"
#include "services/text/base64url.h"
#include "tests/abuse/abuse_test.h"
#include "tests/identity/forged_token.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

// A port of this machine that nobody must ever connect to.
class UnvisitedListener {
 public:
  UnvisitedListener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 16), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port), "/keys");
  }
  ~UnvisitedListener() { close(socket_); }

  const std::string& url() const { return url_; }
  bool visited() const {
    pollfd wanted{socket_, POLLIN, 0};
    return poll(&wanted, 1, 0) != 0;
  }

 private:
  int socket_;
  std::string url_;
};

class TokensTest : public AbuseTest {
 protected:
  absl::Status CallComments(const std::string& token) {
    grpc::ClientContext context;
    processes().Prepare(context, token);
    comments::v1::ListCommentsRequest request;
    request.set_invoice_id(invoice_);
    comments::v1::ListCommentsResponse response;
    return FromGrpc(processes().comments_stub().ListComments(&context, request, &response));
  }
  absl::Status CallInvoices(const std::string& token) {
    grpc::ClientContext context;
    processes().Prepare(context, token);
    invoices::v1::GetInvoiceRequest request;
    request.set_invoice_id(invoice_);
    invoices::v1::GetInvoiceResponse response;
    return FromGrpc(processes().invoices_stub().GetInvoice(&context, request, &response));
  }

  void ExpectTaken(const std::string& token) {
    EXPECT_EQ(client_.Get(thread_, Bearing(token)).status, 200);
    EXPECT_EQ(client_.Get(thread_, {{"Cookie", "__Host-marginalia=" + token}}).status, 200);
    EXPECT_TRUE(CallComments(token).ok()) << CallComments(token);
    EXPECT_TRUE(CallInvoices(token).ok()) << CallInvoices(token);
  }

  void ExpectRefused(const std::string& token) {
    for (const HttpClient::Headers& headers :
         {Bearing(token), HttpClient::Headers{{"Cookie", "__Host-marginalia=" + token}}}) {
      const HttpAnswer answer = client_.Get(thread_, headers);
      EXPECT_EQ(answer.status, 401) << headers[0].first << answer.body;
      EXPECT_THAT(answer.body, HasSubstr("\"reason\":\"TOKEN_INVALID\""));
      EXPECT_EQ(answer.headers.at("www-authenticate"), "Bearer error=\"invalid_token\"");
    }
    for (const absl::Status& status : {CallComments(token), CallInvoices(token)}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
      EXPECT_EQ(ReasonOf(status), "TOKEN_INVALID") << status;
    }
  }

  using Change = std::function<void(json::object& header, json::object& claims)>;
  std::string With(const Change& change) const {
    json::object header = GoodHeader();
    json::object claims = GoodClaims();
    change(header, claims);
    return Signed(header, claims);
  }
  std::string WithHeader(const char* name, const json::value& value) const {
    return With([&](json::object& header, json::object&) { header[name] = value; });
  }
  std::string WithClaim(const char* name, const json::value& value) const {
    return With([&](json::object&, json::object& claims) { claims[name] = value; });
  }
  std::string WithoutClaim(const char* name) const {
    return With([&](json::object&, json::object& claims) { claims.erase(name); });
  }
  // Good but for its header, which says `alg`, and its signature.
  std::string Unsigned(const char* alg, const std::string& signature) const {
    json::object header = GoodHeader();
    header["alg"] = alg;
    return TokenWithSignature(json::serialize(header), json::serialize(GoodClaims()), signature);
  }

  static std::int64_t SecondsFromNow(absl::Duration duration) {
    return absl::ToUnixSeconds(absl::Now() + duration);
  }
  static std::size_t KeyReloads(ProcessUnderTest& process) {
    const std::vector<std::string> lines = process.log().lines();
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
          return line.find("the keys for tokens were read again") != line.npos;
        }));
  }
};

TEST_F(TokensTest, AGoodTokenOpensEveryDoor) {
  ExpectTaken(With([](auto&, auto&) {}));
}

TEST_F(TokensTest, WithoutATokenEveryDoorSaysWhatToSend) {
  const HttpAnswer answer = client_.Get(thread_);
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr("\"reason\":\"TOKEN_MISSING\""));
  EXPECT_EQ(answer.headers.at("www-authenticate"), "Bearer");
  for (const char* header :
       {"Authorization: Bearer ", "Authorization: Basic ZGFuYTpkYW5h", "Authorization: ",
        "Cookie: __Host-marginalia=", "Cookie: marginalia=x", "X-Authorization: Bearer x"}) {
    EXPECT_EQ(StatusOf(Say(absl::StrCat("GET ", thread_, " HTTP/1.1\r\nHost: a\r\n", header,
                                        "\r\nConnection: close\r\n\r\n"))),
              401)
        << header;
  }
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  comments::v1::ListCommentsResponse response;
  const absl::Status status =
      FromGrpc(processes().comments_stub().ListComments(&context, {}, &response));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf(status), "TOKEN_MISSING");
}

TEST_F(TokensTest, ABadSignatureIsRefused) {
  std::string altered = With([](auto&, auto&) {});
  altered.back() = altered.back() == 'A' ? 'Q' : 'A';
  ExpectRefused(altered);
  const std::string good = With([](auto&, auto&) {});
  ExpectRefused(good.substr(0, good.rfind('.') + 1));
  ExpectRefused(good.substr(0, good.rfind('.')));
  const KeyPair other = NewKeyPair("ES256", "other");
  ExpectRefused(
      SignedToken(json::serialize(GoodHeader()), json::serialize(GoodClaims()), other.private_jwk));
  // The claims of an admin under the signature of a member.
  const std::string admin = WithClaim("role", "admin");
  ExpectRefused(admin.substr(0, admin.rfind('.')) + good.substr(good.rfind('.')));
}

TEST_F(TokensTest, AnUnsignedTokenIsRefused) {
  for (const char* alg : {"none", "None", "nOnE", ""}) ExpectRefused(Unsigned(alg, ""));
}

TEST_F(TokensTest, APublicKeyTakenForASharedSecretIsRefused) {
  std::ifstream file(processes().directory().File("keys/jwks.json"));
  const std::string jwks{std::istreambuf_iterator<char>(file), {}};
  const std::string jwk = json::serialize(json::parse(jwks).at("keys").at(0));
  for (const std::string& secret : {jwks, jwk}) {
    const std::string token = Unsigned("HS256", "");
    ExpectRefused(token + EncodeBase64Url(HmacSha256(secret, token.substr(0, token.size() - 1))));
  }
}

TEST_F(TokensTest, AnAlgorithmThatIsNotListedIsRefused) {
  for (const char* alg :
       {"ES384", "ES512", "ES256K", "RS512", "PS256", "HS512", "es256", "ES256 "}) {
    ExpectRefused(Unsigned(alg, std::string(64, 's')));
  }
}

TEST_F(TokensTest, AnUnknownKeyIsRefused) {
  ExpectRefused(WithHeader("kid", "unknown"));
  for (const char* header : {R"({"alg":"ES256"})", R"({"alg":"ES256","kid":""})",
                             R"({"alg":"ES256","kid":7})", R"({"alg":"ES256","kid":null})"}) {
    ExpectRefused(TokenWithSignature(header, json::serialize(GoodClaims()), std::string(64, 's')));
  }
}

TEST_F(TokensTest, AKeyIdIsNoPathAndNoQuery) {
  const std::string keys = processes().directory().File("keys/jwks.json");
  for (const std::string& kid :
       {keys, "file://" + keys, std::string("../keys/jwks.json"), std::string("/dev/zero"),
        std::string("x' OR '1'='1"), std::string("x'; DROP TABLE comments; --"),
        std::string("a\r\nb"), std::string(4'000, 'k')}) {
    ExpectRefused(WithHeader("kid", json::string(kid)));
  }
  ExpectRefused(TokenWithSignature(R"({"alg":"ES256","kid":"a\u0000b"})",
                                   json::serialize(GoodClaims()), std::string(64, 's')));
}

TEST_F(TokensTest, NothingThatATokenNamesIsFetched) {
  const UnvisitedListener listener;
  const KeyPair own = NewKeyPair("ES256", "own");
  const json::value own_key = json::parse(own.public_jwk);
  for (const char* name : {"jku", "x5u"})
    ExpectRefused(WithHeader(name, json::string(listener.url())));
  for (const char* name : {"jku", "x5u", "jwk", "x5c"}) {
    json::object header = GoodHeader();
    header["kid"] = "own";
    header[name] = std::string_view(name) == "jwk" ? own_key : json::value(listener.url());
    ExpectRefused(
        SignedToken(json::serialize(header), json::serialize(GoodClaims()), own.private_jwk));
  }
  ExpectRefused(WithHeader("kid", json::string(listener.url())));
  ExpectRefused(WithClaim("iss", json::string(listener.url())));
  ExpectTaken(With([](auto&, auto&) {}));
  EXPECT_FALSE(listener.visited());
}

TEST_F(TokensTest, AnExpiredTokenIsRefused) {
  ExpectRefused(WithClaim("exp", SecondsFromNow(-absl::Seconds(1))));
  ExpectRefused(WithClaim("exp", 0));
  ExpectRefused(WithClaim("exp", "never"));
  ExpectRefused(WithoutClaim("exp"));
}

TEST_F(TokensTest, ATokenThatIsNotYetValidIsRefused) {
  ExpectRefused(WithClaim("nbf", SecondsFromNow(absl::Seconds(90))));
  ExpectRefused(WithClaim("iat", SecondsFromNow(absl::Hours(1))));
}

TEST_F(TokensTest, ATokenOfAnotherIssuerOrForAnotherAudienceIsRefused) {
  ExpectRefused(WithClaim("iss", "marginalia.evil.example"));
  ExpectRefused(WithoutClaim("iss"));
  ExpectRefused(WithClaim("aud", "payroll"));
  ExpectRefused(WithClaim("aud", json::array{"payroll", "marginalia "}));
  ExpectRefused(WithoutClaim("aud"));
}

TEST_F(TokensTest, ATokenThatNamesNobodyIsRefused) {
  ExpectRefused(WithoutClaim("org"));
  ExpectRefused(WithClaim("org", ""));
  ExpectRefused(WithClaim("org", json::array{org_}));
  ExpectRefused(WithoutClaim("sub"));
  ExpectRefused(WithoutClaim("role"));
  ExpectRefused(WithClaim("role", "root"));
  ExpectRefused(WithClaim("role", json::array{"admin"}));
}

TEST_F(TokensTest, AFloodOfUnknownKeysReadsThemAgainOnceAMinuteAtMost) {
  std::map<ProcessUnderTest*, std::size_t> before;
  for (ProcessUnderTest* process : AllProcesses()) before[process] = KeyReloads(*process);
  const SteadyTime start = SteadyTime::Now();
  for (int i = 0; i < 300; ++i) {
    const std::string token = TokenWithSignature(
        absl::StrCat(R"({"alg":"ES256","kid":"flood-)", i, "\"}"), "{}", std::string(64, 's'));
    EXPECT_EQ(client_.Get(thread_, Bearing(token)).status, 401);
    EXPECT_FALSE(CallComments(token).ok());
    EXPECT_FALSE(CallInvoices(token).ok());
  }
  const auto minutes = static_cast<std::size_t>(absl::ToInt64Minutes(SteadyTime::Now() - start));
  for (ProcessUnderTest* process : AllProcesses()) {
    // The files are looked at for an unknown key, and read when they have changed.
    EXPECT_LE(KeyReloads(*process) - before[process], 1 + minutes);
    for (const std::string& line : process->log().lines()) {
      EXPECT_THAT(line, Not(HasSubstr("flood-")));
    }
  }
}

TEST_F(TokensTest, FailedAuthenticationIsCountedAndLogged) {
  const std::string in_service = "marginalia_refusals_total{reason=\"TOKEN_INVALID\"}";
  const std::string in_gateway =
      "marginalia_http_requests_total{code=\"401\",route=\"/api/invoices/{id}/comments\"}";
  const double comments = MetricOf(processes().comments(), in_service);
  const double invoices = MetricOf(processes().invoices(), in_service);
  const double gateway = MetricOf(processes().gateway(), in_gateway);
  const std::size_t logged = processes().comments().log().size();
  ExpectRefused("a.b.c");
  EXPECT_EQ(MetricOf(processes().comments(), in_service), comments + 1);
  EXPECT_EQ(MetricOf(processes().invoices(), in_service), invoices + 1);
  EXPECT_EQ(MetricOf(processes().gateway(), in_gateway), gateway + 2);
  EXPECT_TRUE(processes().comments().log().WaitFor("TOKEN_INVALID", logged).has_value());
  EXPECT_TRUE(processes().gateway().log().WaitFor("\"status\":401").has_value());
}

TEST_F(TokensTest, ARoleThatIsTooLowIsRefusedCountedAndLogged) {
  const std::string line = "marginalia_refusals_total{reason=\"ROLE_TOO_LOW\"}";
  const double before = MetricOf(processes().comments(), line);
  const std::size_t logged = processes().comments().log().size();
  const HttpAnswer refused =
      client_.Post(thread_, R"({"body":"I only read"})", Bearing(Token("viewer", "sam")));
  EXPECT_EQ(refused.status, 403) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("\"reason\":\"ROLE_TOO_LOW\""));
  grpc::ClientContext context;
  processes().Prepare(context, Token("member"));
  comments::v1::ListAuditEntriesResponse entries;
  const absl::Status status =
      FromGrpc(processes().comments_stub().ListAuditEntries(&context, {}, &entries));
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(status), "ROLE_TOO_LOW");
  EXPECT_EQ(MetricOf(processes().comments(), line), before + 2);
  const auto said = processes().comments().log().WaitFor("ROLE_TOO_LOW", logged);
  ASSERT_TRUE(said.has_value());
  EXPECT_THAT(*said, HasSubstr(org_));
  EXPECT_EQ(CommentCount(), 0);
}

}  // namespace
}  // namespace marginalia
