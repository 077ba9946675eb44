#include <cstdlib>
#include <string>

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

  std::string PageRequest(const std::string& etag) const {
    std::vector<std::pair<std::string, std::string>> headers = {
        {"Authorization", "Bearer " + bearer}};
    if (!etag.empty()) headers.emplace_back("If-None-Match", etag);
    return GetRequest(gateway.address,
                      absl::StrCat("/api/invoices/", invoice_id, "/comments?limit=20"), headers);
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
      RatioRow(10, subject.name, "us CPU/call", CpuMicros, subject, limit, Bound::kAtMost, 1.2));
}

}  // namespace

void GatewayBars(Bench& bench, Report& report) {
  const Site site(bench);
  const std::string request = site.PageRequest("");
  const std::string answer = Need(FetchAnswer(site.gateway.address, request, 200));
  const Service bare_http = StartBareHttpServer(bench, answer);
  const auto reader = Client(site.both.comments.address, site.bearer);
  const Service bare_grpc = StartBareGrpcServer(
      bench,
      StringOf(Need(reader->CallAndWait(kListComments, PageRequest(site.invoice_id, 20, "")))));
  Side subject = HttpSide(bench, "gateway, page of a thread as JSON",
                          {site.gateway.address, request, 200, kConnections}, site.gateway.pid());
  Side http = HttpSide(bench, "bare Beast server", {bare_http.address, request, 200, kConnections},
                       bare_http.pid());
  Side call = ClientCallSide(bench, site, bare_grpc);
  Interleave(bench.options().runs, {&subject, &http, &call});
  Row row =
      RatioRow(10, subject.name, "us CPU/call", CpuMicros, subject, http, Bound::kAtMost, 1.5);
  row.limit_name = "bare Beast + bare gRPC client call";
  row.limit += call.Middle(CpuMicros);
  for (std::size_t i = 0; i < row.limit_runs.size(); ++i) {
    row.limit_runs[i] += call.results[i].cpu_micros;
  }
  row.note = absl::StrCat(answer.size(), " bytes an answer, 16 keep-alive connections; bare Beast ",
                          http.Middle(CpuMicros), " us, gRPC client call ", call.Middle(CpuMicros),
                          " us at ", call.Middle(CallsPerSecond), "/s");
  report.Add(std::move(row));
  NotModified(bench, report, site, HeaderOf(answer, "etag"));
}

}  // namespace marginalia::bench
