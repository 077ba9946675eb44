#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
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
class GreedyReader {
 public:
  GreedyReader(std::string address, std::string request)
      : thread_([this, address = std::move(address), request = std::move(request)] {
          // A greedy reader may be refused for what he takes: what he is told is nobody's figure.
          while (!ending_) {
            RunHttpLoop({address, request, 200, kConnectionsOfAReader},
                        {absl::ZeroDuration(), absl::Milliseconds(200)}, getpid())
                .IgnoreError();
          }
        }) {}
  ~GreedyReader() {
    ending_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

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
    sockets->push_back(Need(LoopbackSocket::Connect(site.gateway.address)));
  }
  return sockets;
}

Flood Readers(Bench& bench, const Site& site, int count) {
  auto readers = std::make_shared<std::vector<std::unique_ptr<GreedyReader>>>();
  for (int i = 0; i < count; ++i) {
    readers->push_back(std::make_unique<GreedyReader>(
        site.gateway.address, site.Read(bench.MemberToken(absl::StrCat("greedy-", i)))));
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
  // First without: a token that is new waits among the bad ones of its host.
  Interleave(bench.options().runs, {&quiet, &beside});
  report.Add(RatioRow(16, beside.name, "ms p99", P99Millis, beside, quiet, Bound::kAtMost, 2));
}

}  // namespace

void FloodBars(Bench& bench, Report& report) {
  AllowOpenFiles(kOpenFiles);
  const Site site(bench);
  for (const std::size_t connections : {1'000, 4'000}) {
    Measure(bench, report, site, absl::StrCat(connections, " connections with bad tokens"), [&] {
      return std::make_shared<TokenFlood>(site.gateway.address, bench.MemberToken(), connections);
    });
  }
  Measure(bench, report, site, absl::StrCat(kSilentConnections, " silent connections"),
          [&] { return SilentConnections(site); });
  for (const int readers : {1, 8}) {
    Measure(bench, report, site, absl::StrCat(readers, " who read all they can"),
            [&] { return Readers(bench, site, readers); });
  }
}

}  // namespace marginalia::bench
