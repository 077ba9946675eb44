// A trace on its way through the real three processes: in their logs, and at a real collector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/observability/collector.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kCallerSpanId[] = "b7ad6b7169203331";
constexpr char kTracestate[] = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
constexpr char kRoute[] = "/api/invoices/{id}/comments";
constexpr char kAddComment[] = "marginalia.comments.v1.CommentsService/AddComment";
constexpr char kGetInvoice[] = "marginalia.invoices.v1.InvoicesService/GetInvoice";
constexpr char kWatchEvents[] = "marginalia.comments.v1.CommentsService/WatchEvents";
constexpr char kListThreadCounts[] = "marginalia.comments.v1.CommentsService/ListThreadCounts";
constexpr char kBody[] = "canary-c20ad4d7";

class Traced {
 public:
  explicit Traced(std::vector<std::string> flags)
      : processes_({.common_flags = std::move(flags)}),
        invoice_(processes_.NewInvoice("INV-1042")),
        client_(processes_.gateway().address()) {}

  ThreeProcesses& processes() { return processes_; }
  std::string thread() const { return absl::StrCat("/api/invoices/", invoice_, "/comments"); }
  const std::string& invoice() const { return invoice_; }
  const std::string& token() const { return token_; }

  // Posts a comment to an invoice that no comment has been posted to before when it is the first.
  int Post(HttpClient::Headers headers) {
    headers.emplace_back("Authorization", "Bearer " + token_);
    return client_.Post(thread(), absl::StrCat("{\"body\": \"", kBody, "\"}"), headers).status;
  }
  int PostIn(const std::string& trace_id, const std::string& flags) {
    return Post({{"Traceparent", absl::StrCat("00-", trace_id, "-", kCallerSpanId, "-", flags)},
                 {"Tracestate", kTracestate}});
  }

  // A field of the log line that the process wrote of `what` within the trace.
  static std::string Logged(ProcessUnderTest& process, const std::string& trace_id,
                            const std::string& what, const std::string& field) {
    std::string value;
    EXPECT_TRUE(Await([&] {
      for (const std::string& line : process.log().lines()) {
        if (line.find(trace_id) == std::string::npos || line.find(what) == std::string::npos) {
          continue;
        }
        value = boost::json::parse(line).at(field).as_string();
        return true;
      }
      return false;
    })) << what;
    return value;
  }

 private:
  ThreeProcesses processes_;
  const std::string invoice_;
  const std::string token_ = processes_.Token("dana", "member");
  HttpClient client_;
};

class TraceTest : public testing::Test {
 protected:
  Collector collector_;
  Traced traced_{{"--otlp_address=" + collector_.address()}};
};

TEST_F(TraceTest, APostIsOneTraceThroughAllThreeProcessesWithTheRightParents) {
  ASSERT_EQ(traced_.PostIn(kTraceId, "01"), 201);
  const auto get = [&](const char* service, otlp::Span::SpanKind kind, const std::string& name) {
    CollectedSpan span = collector_.WaitFor(kTraceId, service, kind, name);
    EXPECT_EQ(span.message.trace_state(), kTracestate) << name;
    EXPECT_LE(span.message.start_time_unix_nano(), span.message.end_time_unix_nano()) << name;
    EXPECT_FALSE(span.message.has_status()) << name;
    return span;
  };
  const CollectedSpan request =
      get("gateway", otlp::Span::SPAN_KIND_SERVER, absl::StrCat("POST ", kRoute));
  const CollectedSpan add_called = get("gateway", otlp::Span::SPAN_KIND_CLIENT, kAddComment);
  const CollectedSpan add = get("comments-service", otlp::Span::SPAN_KIND_SERVER, kAddComment);
  const CollectedSpan get_called =
      get("comments-service", otlp::Span::SPAN_KIND_CLIENT, kGetInvoice);
  const CollectedSpan got = get("invoice-service", otlp::Span::SPAN_KIND_SERVER, kGetInvoice);
  EXPECT_EQ(request.parent_id, kCallerSpanId);
  EXPECT_EQ(add_called.parent_id, request.span_id);
  EXPECT_EQ(add.parent_id, add_called.span_id);
  EXPECT_EQ(get_called.parent_id, add.span_id);
  EXPECT_EQ(got.parent_id, get_called.span_id);
  const std::set<std::string> ids = {request.span_id, add_called.span_id, add.span_id,
                                     get_called.span_id, got.span_id};
  EXPECT_EQ(ids.size(), 5U);

  EXPECT_EQ(request.Attribute("http.request.method"), "POST");
  EXPECT_EQ(request.Attribute("http.route"), kRoute);
  EXPECT_EQ(request.Attribute("http.response.status_code"), "201");
  EXPECT_EQ(request.Attribute("url.path"), traced_.thread());
  EXPECT_EQ(add.Attribute("rpc.system"), "grpc");
  EXPECT_EQ(add.Attribute("rpc.service"), "marginalia.comments.v1.CommentsService");
  EXPECT_EQ(add.Attribute("rpc.method"), "AddComment");
  EXPECT_EQ(add.Attribute("rpc.grpc.status_code"), "0");

  EXPECT_EQ(
      Traced::Logged(traced_.processes().gateway(), kTraceId, "\"method\":\"POST\"", "span_id"),
      request.span_id);
  EXPECT_EQ(Traced::Logged(traced_.processes().comments(), kTraceId, kAddComment, "span_id"),
            add.span_id);
  EXPECT_EQ(Traced::Logged(traced_.processes().invoices(), kTraceId, kGetInvoice, "span_id"),
            got.span_id);
}

TEST_F(TraceTest, ARequestWithoutATraceOrWithABadOneBeginsANewOneAndIsAnswered) {
  const std::string bad = absl::StrCat("00-", kTraceId, "-0000000000000000-01");
  ASSERT_EQ(traced_.Post({{"Traceparent", bad}, {"Tracestate", kTracestate}}), 201);
  const CollectedSpan request = collector_.WaitFor(
      [](const CollectedSpan& span) { return span.Attribute("http.request.method") == "POST"; });
  EXPECT_NE(request.trace_id, kTraceId);
  EXPECT_EQ(request.parent_id, "");
  EXPECT_EQ(request.message.trace_state(), "");
  const CollectedSpan add = collector_.WaitFor(request.trace_id, "comments-service",
                                               otlp::Span::SPAN_KIND_SERVER, kAddComment);
  EXPECT_NE(add.parent_id, "");

  // Two say nothing either.
  const std::string good = absl::StrCat("00-", kTraceId, "-", kCallerSpanId, "-01");
  ASSERT_EQ(traced_.Post({{"Traceparent", good}, {"Traceparent", good}}), 201);
  ASSERT_EQ(traced_.Post({}), 201);
  EXPECT_TRUE(Await([&] {
    std::set<std::string> traces;
    for (const CollectedSpan& span : collector_.spans()) {
      if (span.Attribute("http.request.method") == "POST") traces.insert(span.trace_id);
    }
    return traces.size() == 3 && traces.count(kTraceId) == 0;
  }));
}

TEST_F(TraceTest, ATracestateWithTabsIsPassedOnWithoutThem) {
  const std::string traceparent = absl::StrCat("00-", kTraceId, "-", kCallerSpanId, "-01");
  ASSERT_EQ(traced_.Post({{"Traceparent", traceparent}, {"Tracestate", "a=1,\tb=2\t,c=3"}}), 201);
  const CollectedSpan got =
      collector_.WaitFor(kTraceId, "invoice-service", otlp::Span::SPAN_KIND_SERVER, kGetInvoice);
  EXPECT_EQ(got.message.trace_state(), "a=1, b=2 ,c=3");
}

TEST_F(TraceTest, AFullyConsistentReadIsOneTraceThroughAllThreeProcesses) {
  HttpClient(traced_.processes().gateway().address())
      .Get(absl::StrCat("/api/invoices/", traced_.invoice(), "?consistency=full"),
           {{"Authorization", "Bearer " + traced_.token()},
            {"Traceparent", absl::StrCat("00-", kTraceId, "-", kCallerSpanId, "-01")}});
  const CollectedSpan asked = collector_.WaitFor(kTraceId, "invoice-service",
                                                 otlp::Span::SPAN_KIND_CLIENT, kListThreadCounts);
  const CollectedSpan answered = collector_.WaitFor(
      kTraceId, "comments-service", otlp::Span::SPAN_KIND_SERVER, kListThreadCounts);
  EXPECT_EQ(answered.parent_id, asked.span_id);
}

TEST_F(TraceTest, WhatItsCallerDoesNotRecordIsLoggedAndPassedOnAndNotExported) {
  const std::string recorded = "11111111111111111111111111111111";
  ASSERT_EQ(traced_.PostIn(kTraceId, "00"), 201);
  ASSERT_EQ(traced_.PostIn(recorded, "01"), 201);
  collector_.WaitFor(recorded, "comments-service", otlp::Span::SPAN_KIND_SERVER, kAddComment);
  for (const CollectedSpan& span : collector_.spans()) EXPECT_NE(span.trace_id, kTraceId);
  Traced::Logged(traced_.processes().gateway(), kTraceId, "\"method\":\"POST\"", "span_id");
  Traced::Logged(traced_.processes().comments(), kTraceId, kAddComment, "span_id");
  Traced::Logged(traced_.processes().invoices(), kTraceId, kGetInvoice, "span_id");
}

TEST_F(TraceTest, FailuresAreMarkedWithTheirStatusAndTheCallersOwnAreNot) {
  const std::string absent = "22222222222222222222222222222222";
  HttpClient(traced_.processes().gateway().address())
      .Get("/api/invoices/nowhere/comments",
           {{"Authorization", "Bearer " + traced_.token()},
            {"Traceparent", absl::StrCat("00-", absent, "-", kCallerSpanId, "-01")}});
  const CollectedSpan request = collector_.WaitFor(absent, "gateway", otlp::Span::SPAN_KIND_SERVER,
                                                   absl::StrCat("GET ", kRoute));
  EXPECT_EQ(request.Attribute("http.response.status_code"), "404");
  EXPECT_FALSE(request.message.has_status());
  const CollectedSpan called =
      collector_.WaitFor(absent, "gateway", otlp::Span::SPAN_KIND_CLIENT,
                         "marginalia.comments.v1.CommentsService/ListComments");
  EXPECT_EQ(called.Attribute("rpc.grpc.status_code"), "5");
  EXPECT_EQ(called.message.status().code(), otlp::Status::STATUS_CODE_ERROR);
}

TEST_F(TraceTest, TheProjectorsStreamIsATraceOfItsOwnThatIsSentWhenTheProcessEnds) {
  ThreeProcesses& processes = traced_.processes();
  ASSERT_TRUE(Await([&] {
    return ThreeProcesses::MetricsOf(processes.invoices())
               .find("marginalia_projection_following{projection=\"comment_counts\"} 1") !=
           std::string::npos;
  }));
  processes.invoices().Signal(SIGTERM);
  EXPECT_EQ(processes.invoices().Wait(), 0);
  const CollectedSpan watching = collector_.WaitFor([](const CollectedSpan& span) {
    return span.service == "invoice-service" && span.message.name() == kWatchEvents;
  });
  EXPECT_EQ(watching.parent_id, "");
  const CollectedSpan watched = collector_.WaitFor(watching.trace_id, "comments-service",
                                                   otlp::Span::SPAN_KIND_SERVER, kWatchEvents);
  EXPECT_EQ(watched.parent_id, watching.span_id);
}

TEST_F(TraceTest, NoTokenBodyOrQueryIsInASpan) {
  // Before it is known who asks, an id may be anything.
  HttpClient stranger(traced_.processes().gateway().address());
  stranger.Get(absl::StrCat("/api/invoices/", kBody, "/comments"),
               {{"Traceparent", absl::StrCat("00-", kTraceId, "-", kCallerSpanId, "-01")}});
  HttpClient client(traced_.processes().gateway().address());
  ASSERT_EQ(traced_.PostIn(kTraceId, "01"), 201);
  const HttpClient::Headers headers = {
      {"Authorization", "Bearer " + traced_.token()},
      {"Cookie", absl::StrCat("__Host-marginalia=", kBody)},
      {"User-Agent", kBody},
      {"Traceparent", absl::StrCat("00-", kTraceId, "-", kCallerSpanId, "-01")}};
  EXPECT_EQ(client.Get(absl::StrCat(traced_.thread(), "?cursor=", kBody), headers).status, 400);
  // An unknown path may be anything.
  EXPECT_EQ(client.Get(absl::StrCat("/", kBody, "?token=", kBody), headers).status, 404);
  collector_.WaitFor(kTraceId, "gateway", otlp::Span::SPAN_KIND_SERVER, "GET none");
  for (const std::string& secret : {std::string(kBody), traced_.token().substr(20)}) {
    EXPECT_THAT(collector_.received(), Not(HasSubstr(secret)));
  }
}

TEST(UntracedTest, WithoutACollectorATraceIsPassedOnAndLoggedAsItCame) {
  Traced traced({});
  ASSERT_EQ(traced.PostIn(kTraceId, "01"), 201);
  ThreeProcesses& processes = traced.processes();
  EXPECT_EQ(Traced::Logged(processes.gateway(), kTraceId, "\"method\":\"POST\"", "span_id"),
            kCallerSpanId);
  EXPECT_EQ(Traced::Logged(processes.comments(), kTraceId, kAddComment, "span_id"), kCallerSpanId);
  EXPECT_EQ(Traced::Logged(processes.invoices(), kTraceId, kGetInvoice, "span_id"), kCallerSpanId);
}

TEST(UntracedTest, ACollectorThatIsAwayHarmsNoCallAndWhatItMissesIsCounted) {
  std::string gone;
  {
    const Collector collector;
    gone = collector.address();
  }
  Traced traced({"--otlp_address=" + gone});
  ASSERT_EQ(traced.PostIn(kTraceId, "01"), 201);
  for (ProcessUnderTest* process :
       {&traced.processes().gateway(), &traced.processes().comments()}) {
    EXPECT_TRUE(Await([&] {
      const std::string metrics = ThreeProcesses::MetricsOf(*process);
      return metrics.find("spans_dropped_total{reason=\"not_taken\"} ") != std::string::npos &&
             metrics.find("spans_dropped_total{reason=\"not_taken\"} 0\n") == std::string::npos;
    }));
    EXPECT_TRUE(process->log().WaitFor("the collector did not take spans").has_value());
  }
  EXPECT_EQ(traced.PostIn(kTraceId, "01"), 201);
}

TEST(TraceFlagsTest, AnAddressOrARatioThatIsNoneEndsTheProcessAtItsStart) {
  for (const char* binary : {COMMENTS_SERVICE_BINARY, INVOICE_SERVICE_BINARY, GATEWAY_BINARY}) {
    for (const char* flag :
         {"--otlp_address=collector", "--otlp_address=http://collector:4317",
          "--otlp_address=:4317", "--otlp_address=collector:0", "--otlp_address=collector:65536",
          "--trace_sample_ratio=1.01", "--trace_sample_ratio=-0.1", "--trace_sample_ratio=nan",
          "--trace_sample_ratio=half"}) {
      const TempDir directory;
      LogReader said(directory.File("log"));
      ChildProcess process({binary, "--insecure_identity=northlight", flag},
                           ChildOptions{.stderr_path = said.path()});
      EXPECT_EQ(process.Wait(), 2) << binary << " " << flag;
      const std::string name = std::string(flag).substr(2, std::string(flag).find('=') - 2);
      EXPECT_TRUE(said.WaitFor(name).has_value()) << flag;
    }
  }
}

}  // namespace
}  // namespace marginalia
