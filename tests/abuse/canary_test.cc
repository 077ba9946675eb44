// Words that are sent in every place where a secret could stand, and that no log and no metric may
// ever show.
#include <gmock/gmock.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/abuse/abuse_test.h"
#include "tests/gateway/raw_connection.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCanary[] = "canary-8f14e45f";
constexpr char kLast[] = "the-last-request";

class CanaryTest : public testing::Test {
 protected:
  std::vector<ProcessUnderTest*> All() {
    return {&processes_.comments(), &processes_.invoices(), &processes_.gateway()};
  }

  void SendOverHttp(const std::string& token) {
    HttpClient client(processes_.gateway().address());
    const HttpClient::Headers good = {{"Authorization", "Bearer " + token}};
    const std::string thread = absl::StrCat("/api/invoices/", invoice_, "/comments");
    const std::string body = json::serialize(json::object{
        {"body", absl::StrCat(kCanary, "\r\n{\"severity\":\"error\",\"message\":\"forged\"}")}});
    EXPECT_EQ(client.Post(thread, body, good).status, 201);
    EXPECT_EQ(client.Post(thread, absl::StrCat("{\"", kCanary, "\":1}"), good).status, 400);
    EXPECT_EQ(client.Post(thread, kCanary, good).status, 400);
    EXPECT_EQ(client.Post("/api/invoices/nowhere/comments", body, good).status, 404);
    EXPECT_EQ(client.Get(thread + "?cursor=" + kCanary, good).status, 400);
    EXPECT_EQ(client.Get(absl::StrCat("/api/invoices/", invoice_, "/events?after=", kCanary), good)
                  .status,
              400);
    EXPECT_EQ(client.Get(absl::StrCat("/", kCanary, "?token=", kCanary), good).status, 404);
    for (const char* header :
         {"Authorization", "Cookie", "X-Request-Id", "Last-Event-ID", "Idempotency-Key",
          "User-Agent", "Referer", "Origin", "Traceparent", "Tracestate"}) {
      client.Get(thread, {{header, absl::StrCat(kCanary, " ", kCanary)}});
    }
    client.Get(thread, {{"Authorization", absl::StrCat("Bearer ", kCanary, ".a.b")}});
    client.Get(thread, {{"Authorization", "Bearer " + token + kCanary}});
    client.Get("/invoices", {{"Cookie", absl::StrCat("__Host-marginalia=", kCanary)}});
    client.Get("/invoices", {{"Cookie", "__Host-marginalia=" + token}});
    // What follows a body that is longer than it says is read as a request.
    RawConnection(processes_.gateway().address())
        .Send(absl::StrCat("POST ", thread, " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
                           kCanary, " /", kCanary, " HTTP/1.1\r\nHost: ", kCanary, "\r\n\r\n"));
  }

  void SendOverGrpc(const std::string& token) {
    comments::v1::AddCommentRequest add;
    add.set_invoice_id(invoice_);
    add.set_body(kCanary);
    comments::v1::AddCommentResponse added;
    for (const std::string& each :
         {token, std::string(kCanary), absl::StrCat(token, kCanary), std::string("a.b.c")}) {
      grpc::ClientContext context;
      processes_.Prepare(context, each);
      context.AddMetadata("cookie", kCanary);
      context.AddMetadata("traceparent", kCanary);
      context.AddMetadata("tracestate", absl::StrCat("a=", kCanary));
      processes_.comments_stub().AddComment(&context, add, &added);
    }
    add.set_body(std::string(kCanary) + '\0');
    grpc::ClientContext refused;
    processes_.Prepare(refused, token);
    EXPECT_FALSE(processes_.comments_stub().AddComment(&refused, add, &added).ok());
    invoices::v1::GetInvoiceRequest get;
    get.set_invoice_id(invoice_);
    get.mutable_consistency()->set_at_least_as_fresh(kCanary);
    invoices::v1::GetInvoiceResponse got;
    grpc::ClientContext stale;
    processes_.Prepare(stale, token);
    EXPECT_FALSE(processes_.invoices_stub().GetInvoice(&stale, get, &got).ok());
  }

  static std::string MetricsOf(ProcessUnderTest& process) {
    const json::value line = json::parse(process.log().WaitFor("\"listening\"").value_or("{}"));
    return HttpClient(std::string(line.at("metrics_address").as_string())).Get("/metrics").body;
  }

  ThreeProcesses processes_;
  const std::string invoice_ = processes_.NewInvoice("INV-1042");
};

TEST_F(CanaryTest, NoTokenCookieOrBodyIsInALogOrAMetricAndEachLineIsOneObject) {
  const std::string token = processes_.Token("dana", "member");
  const std::string signature = token.substr(token.rfind('.') + 1);
  SendOverHttp(token);
  SendOverGrpc(token);
  for (ProcessUnderTest* process : All()) {
    const std::string metrics = MetricsOf(*process);
    EXPECT_THAT(metrics, HasSubstr("marginalia_"));
    EXPECT_THAT(metrics, Not(HasSubstr(kCanary)));
    EXPECT_THAT(metrics, Not(HasSubstr(signature)));
    EXPECT_THAT(metrics, Not(HasSubstr(invoice_)));
  }
  HttpClient(processes_.gateway().address()).Get("/healthz", {{"X-Request-Id", kLast}});
  ASSERT_TRUE(processes_.gateway().log().WaitFor(kLast).has_value());
  // Their end flushes their logs.
  for (ProcessUnderTest* process : {All()[2], All()[1], All()[0]}) {
    process->Signal(SIGTERM);
    EXPECT_EQ(process->Wait(), 0);
    ASSERT_TRUE(process->log().WaitFor("\"message\":\"stopped\"").has_value());
    for (const std::string& line : process->log().lines()) {
      EXPECT_THAT(line, Not(HasSubstr(kCanary)));
      EXPECT_THAT(line, Not(HasSubstr(signature)));
      EXPECT_THAT(line, Not(HasSubstr("\"message\":\"forged\"")));
      boost::system::error_code error;
      EXPECT_TRUE(json::parse(line, error).is_object()) << line;
    }
  }
}

}  // namespace
}  // namespace marginalia
