#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/http_load.h"
#include "tests/bench/invoices_data.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr int kConnections = 16;
constexpr int kThreadComments = 500;
// The deep page is so many pages below the newest.
constexpr int kDeepPages = 12;

// The gateway with all that stands behind it, and a thread to read.
struct Site {
  explicit Site(Bench& bench)
      : both(StartBothServices(bench)),
        gateway(StartGateway(bench, both.comments.address, both.invoices.address)),
        bearer(bench.MemberToken()),
        invoice_id(CreateInvoices(*Client(both.invoices.address, bearer), 1).front()) {
    ImportThread(*Client(both.comments.address, bench.ImporterToken()), invoice_id,
                 kThreadComments);
  }

  // `more`: further parameters, each with its "&" in front.
  std::string PageRequest(const std::string& etag, std::string_view more = "") const {
    std::vector<std::pair<std::string, std::string>> headers = {
        {"Authorization", "Bearer " + bearer}};
    if (!etag.empty()) headers.emplace_back("If-None-Match", etag);
    return GetRequest(
        gateway.address,
        absl::StrCat("/api/invoices/", invoice_id, "/comments?limit=20", std::string(more)),
        headers);
  }

  BothServices both;
  Service gateway;
  std::string bearer;
  std::string invoice_id;
};

Side HttpSide(const Bench& bench, std::string name, HttpWork work, pid_t server) {
  return {std::move(name), [work = std::move(work), server, window = bench.options().window] {
            return Need(RunHttpLoop(work, window, server));
          }};
}

// What a process pays that does nothing but make gRPC calls: one connection, as many callers as the
// gateway has connections.
Side ClientCallSide(Bench& bench, const Site& site, const Service& server) {
  return {"bare gRPC client call", [&] {
            setenv("BENCH_TOKEN", site.bearer.c_str(), 1);
            const auto millis = absl::ToInt64Milliseconds(bench.options().window.measured);
            StartedProcess client(
                {bench.Program("bare_grpc_client"), server.address, kListComments, site.invoice_id,
                 absl::StrCat(kConnections), absl::StrCat(millis)},
                bench.NewFolder("bare-client") / "log");
            LoadResult result;
            const absl::Duration longest = bench.options().window.measured + absl::Seconds(20);
            result.cpu_micros =
                std::atof(Need(client.Logged("finished", "cpu_micros", longest)).c_str());
            result.calls = 1;
            result.seconds = 1 / std::atof(Need(client.Logged("finished", "per_second")).c_str());
            return result;
          }};
}

void NotModified(Bench& bench, Report& report, const Site& site, const std::string& etag) {
  const std::string request = site.PageRequest(etag);
  const std::string answer = Need(FetchAnswer(site.gateway.address, request, 304));
  const Service bare_http = StartBareHttpServer(bench, answer);
  Side subject = HttpSide(bench, "gateway, page not modified (304)",
                          {site.gateway.address, request, 304, kConnections}, site.gateway.pid());
  Side limit = HttpSide(bench, "bare Beast server", {bare_http.address, request, 304, kConnections},
                        bare_http.pid());
  Interleave(bench.options().runs, {&subject, &limit});
  report.Add(
      RatioRow(10, subject.name, "us CPU/call", CpuMicros, subject, limit, Bound::kAtMost, 1.1));
}

// A page of the thread: by what request, what comments-service answers to it, and the bar.
struct PageBar {
  std::string name;
  std::string request;
  std::string page_token;
  double bar = 0;
};

void PageAsJson(Bench& bench, Report& report, const Site& site, const PageBar& page) {
  const std::string answer = Need(FetchAnswer(site.gateway.address, page.request, 200));
  const Service bare_http = StartBareHttpServer(bench, answer);
  const auto reader = Client(site.both.comments.address, site.bearer);
  const Service bare_grpc = StartBareGrpcServer(
      bench, StringOf(Need(reader->CallAndWait(
                 kListComments, PageRequest(site.invoice_id, 20, page.page_token)))));
  Side subject = HttpSide(bench, page.name, {site.gateway.address, page.request, 200, kConnections},
                          site.gateway.pid());
  Side http = HttpSide(bench, "bare Beast server",
                       {bare_http.address, page.request, 200, kConnections}, bare_http.pid());
  Side call = ClientCallSide(bench, site, bare_grpc);
  Interleave(bench.options().runs, {&subject, &http, &call});
  Row row =
      RatioRow(10, subject.name, "us CPU/call", CpuMicros, subject, http, Bound::kAtMost, page.bar);
  row.limit_name = "bare Beast + bare gRPC client call";
  row.limit += call.Middle(CpuMicros);
  for (std::size_t i = 0; i < row.limit_runs.size(); ++i) {
    row.limit_runs[i] += call.results[i].cpu_micros;
  }
  row.note = absl::StrCat(answer.size(), " bytes an answer, 16 keep-alive connections; bare Beast ",
                          http.Middle(CpuMicros), " us, gRPC client call ", call.Middle(CpuMicros),
                          " us at ", call.Middle(CallsPerSecond), "/s");
  report.Add(std::move(row));
}

// The member of the page that the gateway answers `request` with.
std::string MemberOf(const Site& site, const std::string& request, const char* member) {
  const std::string answer = Need(FetchAnswer(site.gateway.address, request, 200));
  const boost::json::value page = boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  return std::string(page.at(member).as_string());
}

}  // namespace

void GatewayBars(Bench& bench, Report& report) {
  const Site site(bench);
  const std::string newest = site.PageRequest("");
  PageAsJson(bench, report, site,
             {.name = "gateway, newest page of a thread as JSON", .request = newest, .bar = 0.6});
  std::string cursor;
  for (int page = 0; page < kDeepPages; ++page) {
    cursor = MemberOf(site, site.PageRequest("", absl::StrCat("&cursor=", cursor)), "nextCursor");
  }
  PageAsJson(bench, report, site,
             {.name = "gateway, deep page as JSON, read before",
              .request = site.PageRequest("", absl::StrCat("&cursor=", cursor)),
              .page_token = cursor,
              .bar = 1.5});
  // With a token it is asked upstream each time.
  const std::string token = MemberOf(site, newest, "consistencyToken");
  PageAsJson(
      bench, report, site,
      {.name = "gateway, deep page as JSON, asked upstream",
       .request = site.PageRequest("", absl::StrCat("&cursor=", cursor, "&consistency=", token)),
       .page_token = cursor,
       .bar = 1.5});
  NotModified(bench, report, site,
              HeaderOf(Need(FetchAnswer(site.gateway.address, newest, 200)), "etag"));
}

}  // namespace marginalia::bench
