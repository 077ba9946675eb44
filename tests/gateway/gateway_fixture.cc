#include "tests/gateway/gateway_fixture.h"

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/api/openapi.h"
#include "services/tokens/consistency_token.h"
#include "tests/support/await.h"

namespace marginalia {

GatewayFixture::GatewayFixture() {
  mint_ = *TokenMint::Open(directory_.File("keys"));
  tokens_ = *TokenVerifier::Create(
      {.jwks_path = mint_->jwks_path(), .issuer = mint_->issuer(), .audience = mint_->audience()});
  document_.emplace(OpenApiDocument());
  comments_ = std::make_unique<ScriptedComments>(*tokens_);
  comments_->AddInvoice(kOrg, kInvoiceId, kInvoiceNumber);
  invoices_ = std::make_unique<ScriptedInvoices>(*tokens_);
  options_.service_token_path = directory_.File("gateway.token");
  std::ofstream(options_.service_token_path) << mint_->Mint({.sub = "gateway", .role = "service"});
  options_.http.address = "127.0.0.1:0";
  // A busy machine is no service that hangs.
  options_.events.open_within = absl::Seconds(10);
  options_.http.check_interval = absl::Milliseconds(20);
  options_.comments_address = comments_->address();
  options_.invoices_address = invoices_->address();
}

GatewayFixture::~GatewayFixture() = default;

void GatewayFixture::StartGateway() {
  gateway_.reset();
  metrics_ = std::make_unique<Metrics>();
  ASSERT_TRUE(metrics_->Serve("127.0.0.1:0").ok());
  auto started = Gateway::Start(options_, *tokens_, *metrics_);
  ASSERT_TRUE(started.ok()) << started.status();
  gateway_ = *std::move(started);
  client_.emplace(gateway_->address());
}

bool GatewayFixture::AwaitStreams(int count) {
  HttpClient client(metrics_->address());
  return Await([&] {
    return client.Get("/metrics")
               .body.find(absl::StrCat("\nmarginalia_sse_clients ", count, "\n")) !=
           std::string::npos;
  });
}

void GatewayFixture::AwaitReady() {
  EXPECT_TRUE(Await([this] { return Get("/readyz", {}).status == 200; })) << "never ready";
}

void GatewayFixture::AwaitHeard() {
  EXPECT_TRUE(Await([this] {
    const auto stream = Open(As("dana"));
    const auto place = ParseConsistencyToken(NextNamed(*stream).id, kOrg, "id", "");
    return place.ok() && place->position >= comments_->head();
  })) << "never hears of all comments";
}

std::string GatewayFixture::AwaitNotReady() {
  HttpAnswer answer;
  EXPECT_TRUE(Await([&] {
    answer = Get("/readyz", {});
    return answer.status == 503;
  })) << "still ready";
  return std::string(Json(answer).at("reason").as_string());
}

HttpClient::Headers GatewayFixture::As(const std::string& user, const std::string& role,
                                       const std::string& org) const {
  return {{"Authorization", "Bearer " + TokenOf(user, role, org)}};
}

std::string GatewayFixture::TokenOf(const std::string& user, const std::string& role,
                                    const std::string& org, absl::Duration lifetime) const {
  return mint_->Mint({.org = org, .sub = user, .name = user, .role = role}, lifetime);
}

HttpAnswer GatewayFixture::Get(const std::string& target, const HttpClient::Headers& headers) {
  HttpAnswer answer = client_->Get(target, headers);
  Check("GET", target, answer);
  return answer;
}

HttpAnswer GatewayFixture::Post(const std::string& target, const std::string& body,
                                const HttpClient::Headers& headers) {
  HttpAnswer answer = client_->Post(target, body, headers);
  Check("POST", target, answer);
  return answer;
}

void GatewayFixture::Check(std::string_view method, const std::string& target,
                           const HttpAnswer& answer) {
  ASSERT_NE(answer.status, 0) << method << " " << target << " was not answered";
  const auto header = [&](const std::string& name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? std::string() : found->second;
  };
  EXPECT_EQ(
      document_->CheckAnswer(method, target, answer.status, header("content-type"), answer.body),
      "")
      << method << " " << target << " " << answer.status << " " << answer.body;
  EXPECT_EQ(header("x-content-type-options"), "nosniff");
  EXPECT_EQ(header("content-security-policy"), "default-src 'none'");
  EXPECT_EQ(header("referrer-policy"), "no-referrer");
  EXPECT_FALSE(header("x-request-id").empty());
  EXPECT_FALSE(header("date").empty());
  if (answer.status >= 400) {
    EXPECT_EQ(header("cache-control"), "no-store");
  }
  if (answer.status == 401) {
    EXPECT_EQ(header("www-authenticate").substr(0, 6), "Bearer");
  }
}

std::unique_ptr<HttpClient> GatewayFixture::Open(const HttpClient::Headers& headers,
                                                 const std::string& target) {
  auto stream = std::make_unique<HttpClient>(gateway_->address(), std::chrono::seconds(30));
  const HttpAnswer answer = stream->OpenStream(target, headers);
  EXPECT_EQ(answer.status, 200) << answer.body;
  Check("GET", target, answer);
  return stream;
}

ServerSentEvent GatewayFixture::NextNamed(HttpClient& stream) {
  while (auto event = stream.NextEvent()) {
    if (event->event == "comment_added") {
      EXPECT_EQ(document_->CheckSchema("CommentEvent", event->data), "") << event->data;
    }
    // That the stream lives, and whether the service is heard from, is told at any time.
    if (event->event == "heartbeat" || event->event == "stale" || event->event == "current") {
      continue;
    }
    if (!event->event.empty()) return *event;
  }
  ADD_FAILURE() << "the stream ended";
  return {};
}

std::unique_ptr<HttpClient> GatewayFixture::OpenNow() {
  auto stream = Open(As("dana"));
  EXPECT_EQ(NextNamed(*stream).event, "checkpoint");
  return stream;
}

bool GatewayFixture::IsLetIn(const HttpClient::Headers& headers) {
  HttpClient stream(gateway_->address());
  if (stream.OpenStream(kEvents, headers).status != 200) return false;
  const auto first = stream.NextEvent();
  return first.has_value() && first->event != "stale";
}

HttpClient::Headers GatewayFixture::Resuming(const std::string& after) const {
  HttpClient::Headers headers = As("dana");
  headers.emplace_back("Last-Event-ID", after);
  return headers;
}

std::string GatewayFixture::Next(HttpClient& stream, const std::string& body) {
  const ServerSentEvent event = NextNamed(stream);
  EXPECT_EQ(event.event, "comment_added");
  if (event.event != "comment_added") return "";
  EXPECT_EQ(boost::json::parse(event.data).at_pointer("/comment/body").as_string(), body);
  return event.id;
}

std::string GatewayFixture::NextBody(HttpClient& stream) {
  const ServerSentEvent event = NextNamed(stream);
  if (event.event != "comment_added") return "(" + event.event + ")";
  return std::string(boost::json::parse(event.data).at("comment").at("body").as_string());
}

boost::json::value GatewayFixture::Json(const HttpAnswer& answer) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(answer.body, error);
  EXPECT_FALSE(error) << answer.body;
  return value;
}

std::string GatewayFixture::ReasonOfProblem(const HttpAnswer& answer) {
  return answer.status < 400 ? "" : std::string(Json(answer).at("reason").as_string());
}

}  // namespace marginalia
