#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/event_watchers.h"
#include "tests/bench/http_load.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/invoices_data.h"
#include "tests/bench/need.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/services_under_test.h"
#include "tests/bench/sse_browsers.h"

namespace marginalia::bench {
namespace {

constexpr double kIdleMibMax = 40;
constexpr double kBrowsersMibMax = 100;
constexpr double kWatchersMibMax = 100;
constexpr absl::Duration kSettle = absl::Seconds(2);
constexpr absl::Duration kDeliveryMax = absl::Seconds(60);
constexpr int kBrowsers = 10'000;
constexpr int kBrowserUsers = 2'500;
constexpr int kBrowserInvoices = 100;
// Opened this many at a time, so that the listener's backlog holds them.
constexpr int kBrowsersAtATime = 500;
constexpr int kWatchers = 1'000;
constexpr int kWatcherConnections = 10;
constexpr int kWatchedPosts = 200;
// Sockets to the gateway, and the generator's own files.
constexpr std::uint64_t kOpenFiles = kBrowsers + 500;

void AddRow(Report& report, const std::string& what, pid_t pid, double mib_max,
            const std::string& note) {
  const MemoryUse use = MemoryOf(pid);
  if (use.resident_mib == 0) throw BarFailed(what + ": the process is gone");
  Row row;
  row.bar = 11;
  row.what = what;
  row.unit = "MiB RSS";
  row.measured = use.resident_mib;
  row.measured_runs = {use.resident_mib};
  row.bound = Bound::kAtMost;
  row.bar_value = mib_max;
  row.note = absl::StrCat("PSS ", use.proportional_mib, " MiB", note.empty() ? "" : "; ", note);
  report.Add(std::move(row));
}

std::string StreamRequest(const std::string& address, const std::string& invoice_id,
                          const std::string& bearer) {
  return GetRequest(address, absl::StrCat("/api/invoices/", invoice_id, "/events"),
                    {{"Authorization", "Bearer " + bearer}, {"Accept", "text/event-stream"}});
}

void PostToEach(RpcClient& client, const std::vector<std::string>& invoice_ids, int posts) {
  for (int i = 0; i < posts; ++i) {
    comments::v1::AddCommentResponse answer;
    Need(client.CallAndWait(kAddComment, NewComment(invoice_ids[i % invoice_ids.size()], i),
                            &answer));
  }
}

void BrowsersRow(Bench& bench, Report& report, const BothServices& both, const Service& gateway,
                 const std::vector<std::string>& invoice_ids) {
  AllowOpenFiles(kOpenFiles);
  std::vector<std::string> bearers;
  for (int user = 0; user < kBrowserUsers; ++user) {
    bearers.push_back(bench.MemberToken(absl::StrCat("user-", user)));
  }
  SseBrowsers browsers;
  while (browsers.count() < kBrowsers) {
    for (int i = 0; i < kBrowsersAtATime; ++i) {
      const int n = browsers.count();
      browsers.Open(gateway.address,
                    StreamRequest(gateway.address, invoice_ids[n % invoice_ids.size()],
                                  bearers[n % bearers.size()]));
    }
    const int open = browsers.ReadUntil("HTTP/1.1 200", kBrowsersAtATime, kDeliveryMax);
    if (open < kBrowsersAtATime) throw BarFailed("a browser's stream was not answered with 200");
  }
  Pause(kSettle);
  AddRow(report, "gateway with 10,000 browsers, quiet", gateway.pid(), kBrowsersMibMax,
         "SSE streams of 2,500 users on 100 invoices");
  const auto writer = Client(both.comments.address, bench.MemberToken());
  PostToEach(*writer, invoice_ids, kBrowserInvoices);
  const int seen = browsers.ReadUntil("design review", kBrowsers, kDeliveryMax);
  if (seen < kBrowsers) throw BarFailed(absl::StrCat("only ", seen, " browsers saw the comment"));
  AddRow(report, "gateway with 10,000 browsers, after events", gateway.pid(), kBrowsersMibMax,
         "each browser has seen the comment on its invoice");
}

void WatchersRow(Bench& bench, Report& report, const BothServices& both,
                 const std::vector<std::string>& invoice_ids) {
  const EventWatchers watchers(both.comments.address, bench.MemberToken(), kWatchers,
                               kWatcherConnections);
  watchers.WaitFor(0, kDeliveryMax);
  const auto writer = Client(both.comments.address, bench.MemberToken());
  PostToEach(*writer, invoice_ids, kWatchedPosts);
  watchers.WaitFor(std::int64_t{kWatchers} * kWatchedPosts, kDeliveryMax);
  AddRow(report, "comments-service with 1,000 watchers", both.comments.pid(), kWatchersMibMax,
         "10 connections; 200 comments posted, each seen by all");
}

}  // namespace

void MemoryBars(Bench& bench, Report& report) {
  const BothServices both = StartBothServices(bench);
  const Service gateway = StartGateway(bench, both.comments.address, both.invoices.address);
  Pause(kSettle);
  AddRow(report, "comments-service, idle", both.comments.pid(), kIdleMibMax, "");
  AddRow(report, "invoice-service, idle", both.invoices.pid(), kIdleMibMax, "");
  AddRow(report, "gateway, idle", gateway.pid(), kIdleMibMax, "");
  const std::vector<std::string> invoice_ids =
      CreateInvoices(*Client(both.invoices.address, bench.MemberToken()), kBrowserInvoices);
  WatchersRow(bench, report, both, invoice_ids);
  BrowsersRow(bench, report, both, gateway, invoice_ids);
}

}  // namespace marginalia::bench
