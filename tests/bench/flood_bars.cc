#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
#include "tests/bench/flooder.h"
#include "tests/bench/http_load.h"
#include "tests/bench/invoices_data.h"
#include "tests/bench/loopback_socket.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"
#include "tests/bench/sse_browsers.h"
#include "tests/support/token_flood.h"

namespace marginalia::bench {
namespace {

constexpr int kSilentConnections = 10'000;
constexpr int kConnectionsOfAReader = 16;
constexpr std::uint64_t kOpenFiles = kSilentConnections + 500;

// Something that goes on until it is destroyed.
using Flood = std::shared_ptr<void>;

// Another member who reads as fast as he is answered, over many connections.
std::unique_ptr<Flooder> GreedyReader(const std::string& address, const std::string& request) {
  return std::make_unique<Flooder>([address, request](const std::atomic<bool>&) {
    // He may be refused for what he takes: what he is told is nobody's figure.
    RunHttpLoop({.address = address,
                 .request = request,
                 .connections = kConnectionsOfAReader,
                 .from = kFloodsFrom},
                {absl::ZeroDuration(), absl::Milliseconds(200)}, getpid())
        .IgnoreError();
  });
}

struct Site {
  explicit Site(Bench& bench)
      : both(StartBothServices(bench)),
        gateway(StartGateway(bench, both.comments.address, both.invoices.address)),
        invoice_id(CreateInvoices(*Client(both.invoices.address, bench.MemberToken()), 1).front()) {
  }

  std::string Read(const std::string& bearer) const {
    return GetRequest(gateway.address, absl::StrCat("/api/invoices/", invoice_id, "/comments"),
                      {{"Authorization", "Bearer " + bearer}});
  }

  BothServices both;
  Service gateway;
  std::string invoice_id;
};

Flood SilentConnections(const Site& site) {
  auto sockets = std::make_shared<std::vector<LoopbackSocket>>();
  for (int i = 0; i < kSilentConnections; ++i) {
    sockets->push_back(Need(LoopbackSocket::Connect(site.gateway.address, kFloodsFrom)));
  }
  return sockets;
}

Flood BadTokens(Bench& bench, const Site& site, std::size_t connections) {
  return std::make_shared<Flooder>([address = site.gateway.address, token = bench.MemberToken(),
                                    connections](const std::atomic<bool>& ending) {
    // Its thread takes the CPU that is left, as the one that begins it does.
    const TokenFlood flood(address, token, connections, kFloodsFrom);
    while (!ending) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
}

Flood Readers(Bench& bench, const Site& site, int count) {
  auto readers = std::make_shared<std::vector<std::unique_ptr<Flooder>>>();
  for (int i = 0; i < count; ++i) {
    readers->push_back(GreedyReader(site.gateway.address,
                                    site.Read(bench.MemberToken(absl::StrCat("greedy-", i)))));
  }
  return readers;
}

// One caller, one connection, beside the flood and without it.
void Measure(Bench& bench, Report& report, const Site& site, const std::string& what,
             const std::function<Flood()>& begin) {
  const HttpWork work{site.gateway.address, site.Read(bench.MemberToken()), 200, 1};
  const auto call = [&] {
    return Need(RunHttpLoop(work, bench.options().window, site.gateway.pid()));
  };
  Side quiet{"without", call};
  Side beside{absl::StrCat("another caller beside ", what), [&] {
                const Flood flood = begin();
                return call();
              }};
  Interleave(bench.options().runs, {&quiet, &beside});
  report.Add(RatioRow(16, beside.name, "ms p99", P99Millis, beside, quiet, Bound::kAtMost, 2));
}

}  // namespace

void FloodBars(Bench& bench, Report& report) {
  AllowOpenFiles(kOpenFiles);
  const Site site(bench);
  for (const std::size_t connections : {1'000, 4'000}) {
    Measure(bench, report, site, absl::StrCat(connections, " connections with bad tokens"),
            [&] { return BadTokens(bench, site, connections); });
  }
  Measure(bench, report, site, absl::StrCat(kSilentConnections, " silent connections"),
          [&] { return SilentConnections(site); });
  for (const int readers : {1, 8}) {
    Measure(bench, report, site, absl::StrCat(readers, " who read all they can"),
            [&] { return Readers(bench, site, readers); });
  }
}

}  // namespace marginalia::bench
