#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/http_load.h"
#include "tests/bench/invoices_data.h"
#include "tests/bench/need.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr int kBar = 17;
constexpr int kWriters = 64;
constexpr int kReaders = 16;
constexpr int kComments = 500;

Service StartFastify(Bench& bench) {
  const std::filesystem::path folder = bench.NewFolder("fastify");
  const std::filesystem::path home = bench.options().fastify;
  if (!std::filesystem::exists(home / "node_modules/fastify")) {
    throw BarFailed("the packages of the Fastify server are not installed: run " +
                    (home / "install").string());
  }
  Service service;
  // By env, which finds the node that a person would run.
  service.process = std::make_unique<StartedProcess>(
      std::vector<std::string>{"/usr/bin/env", "node", home / "server.mjs", folder / "comments.db"},
      folder / "log");
  service.address = Need(service.process->Listening());
  return service;
}

struct Site {
  std::string address;
  std::string invoice_id;
  std::string bearer;
  pid_t front = 0;
  pid_t behind = 0;  // 0: nothing

  std::vector<std::pair<std::string, std::string>> Headers() const {
    return {{"Authorization", "Bearer " + bearer}};
  }
  std::string Target() const { return absl::StrCat("/api/invoices/", invoice_id, "/comments"); }

  HttpWork Posts() const {
    return {.address = address,
            .status = 201,
            .connections = kWriters,
            .next = [*this](std::int64_t call) {
              return PostRequest(
                  address, Target(), Headers(),
                  absl::StrCat(R"({"id":")", RandomUuid(), R"(","body":")", BodyOf(call), R"("})"));
            }};
  }
  HttpWork Pages() const {
    return {.address = address,
            .request = GetRequest(address, Target() + "?limit=20", Headers()),
            .connections = kReaders};
  }
};

// With the CPU of what stands behind the front as well.
LoadResult Load(const Bench& bench, const Site& site, const HttpWork& work) {
  const Window& window = bench.options().window;
  const std::int64_t before = site.behind == 0 ? 0 : CpuNanos(site.behind);
  LoadResult result = Need(RunHttpLoop(work, window, site.front));
  if (site.behind == 0) return result;
  const double of_all = (window.warm_up + window.measured) / window.measured;
  result.cpu_micros += static_cast<double>(CpuNanos(site.behind) - before) / 1e3 /
                       (static_cast<double>(result.calls) * of_all);
  return result;
}

void Fill(const Site& site) {
  const HttpWork posts = site.Posts();
  for (int i = 0; i < kComments; ++i) Need(FetchAnswer(site.address, posts.next(i), 201));
}

}  // namespace

void FastifyBars(Bench& bench, Report& report) {
  const Service fastify = StartFastify(bench);
  const BothServices both = StartBothServices(bench);
  const Service gateway = StartGateway(bench, both.comments.address, both.invoices.address);
  const std::string bearer = bench.MemberToken();
  const std::string invoice_id = CreateInvoices(*Client(both.invoices.address, bearer), 1).front();
  const Site ours{gateway.address, invoice_id, bearer, gateway.pid(), both.comments.pid()};
  const Site theirs{fastify.address, invoice_id, bearer, fastify.pid()};
  const auto compare = [&](const std::string& what, HttpWork (Site::*work)() const, bool by_rate) {
    Side subject{what, [&] { return Load(bench, ours, (ours.*work)()); }};
    Side limit{"Fastify + better-sqlite3", [&] { return Load(bench, theirs, (theirs.*work)()); }};
    Interleave(bench.options().runs, {&subject, &limit});
    if (by_rate) {
      report.Add(RatioRow(kBar, what, "per s", CallsPerSecond, subject, limit, Bound::kNone, 0));
    }
    Row row =
        RatioRow(kBar, what + ", CPU", "us CPU/call", CpuMicros, subject, limit, Bound::kNone, 0);
    row.note =
        "gateway and comments-service together; the other checks no token and keeps no record";
    report.Add(std::move(row));
  };
  Fill(ours);
  Fill(theirs);
  compare("page over HTTP, 16 connections", &Site::Pages, false);
  compare("post over HTTP, 64 connections", &Site::Posts, true);
}

}  // namespace marginalia::bench
