#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/net/paused_peers.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/flooder.h"
#include "tests/bench/loopback_socket.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"
#include "tests/support/http2_frames.h"

namespace marginalia::bench {
namespace {

constexpr int kPageSize = 20;
constexpr int kComments = 100;
// Of fewer in a window there is no percentile.
constexpr std::int64_t kCallsMin = 10;
constexpr int kGreedyConnections = 4;
constexpr int kGreedyCallers = 64;
// Of a person, where that is limited: what an ordinary one never needs.
constexpr int kLimitedCallsPerSecond = 500;
constexpr int kResetsPerSend = 100;
// Of one connection, which is cut long before.
constexpr int kResetsMax = 100'000;

// Begins and resets calls until the connection is cut.
void ResetCalls(const std::string& address, const std::string& headers,
                const std::atomic<bool>& ending) {
  absl::StatusOr<LoopbackSocket> connection = LoopbackSocket::Connect(address, kFloodsFrom);
  if (!connection.ok()) return;
  // The service may stop reading before it ends the connection.
  const timeval patience{.tv_sec = 1};
  setsockopt(connection->fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  bool open = connection->Send(Http2Opening()).ok();
  std::string ignored;
  for (int sent = 0; open && sent < kResetsMax && !ending;) {
    std::string calls;
    for (int i = 0; i < kResetsPerSend; ++i) calls += ResetCall(headers, sent++);
    open = connection->Send(calls).ok() && connection->Receive(ignored);
    ignored.clear();
  }
}

std::unique_ptr<Flooder> Resetter(const std::string& address, const std::string& token) {
  return std::make_unique<Flooder>(
      [address, headers = GrpcHeaders(kListComments, token)](const std::atomic<bool>& ending) {
        ResetCalls(address, headers, ending);
      });
}

// Calls again as soon as he is answered, whatever he is told.
void CallOn(RpcClient& client, const std::atomic<bool>& ending) {
  const grpc::ByteBuffer request = PageRequest(InvoiceId(0), kPageSize, "");
  std::atomic<int> open = kGreedyCallers;
  std::function<void(int)> call = [&](int caller) {
    client.Call(caller, kListComments, request,
                [&, caller](const grpc::Status&, const grpc::ByteBuffer&) {
                  if (!ending) return call(caller);
                  --open;
                });
  };
  for (int caller = 0; caller < kGreedyCallers; ++caller) call(caller);
  while (open > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::unique_ptr<Flooder> GreedyCaller(const std::string& address, const std::string& token) {
  return std::make_unique<Flooder>([address, token](const std::atomic<bool>& ending) {
    // Made on his thread, so that those of the client take what CPU is left as well.
    CallOn(*Client(address, token, kGreedyConnections), ending);
  });
}

using Floods = std::vector<std::unique_ptr<Flooder>>;

RpcWork NewestPage() {
  return {.method = kListComments,
          .request = [request = PageRequest(InvoiceId(0), kPageSize, "")](std::int64_t) {
            return request;
          }};
}

using FloodMaker = std::unique_ptr<Flooder> (*)(const std::string& address,
                                                const std::string& token);

// A server that answers ListComments, and who reads the newest page of its thread.
class FloodedServer {
 public:
  FloodedServer(Bench& bench, Service service)
      : bench_(bench),
        service_(std::move(service)),
        // A machine of the tenant: what a person may call does not bind it.
        caller_(Client(service_.address, bench.ImporterToken())) {}

  RpcClient& caller() { return *caller_; }

  Side Beside(const std::string& name, const std::function<Floods()>& begin, const Window& window) {
    return {name, [this, begin, window] {
              const Floods floods = begin();
              LoadResult result =
                  Need(RunClosedLoop(*caller_, NewestPage(), window, service_.pid()));
              // Who was hardly answered has waited at least for the window.
              if (result.calls < kCallsMin) {
                result.latency.Record(absl::ToInt64Nanoseconds(window.measured));
              }
              return result;
            }};
  }

  // As many as `count`, each another person.
  Floods Begin(FloodMaker flooder, int count) const {
    Floods floods;
    for (int i = 0; i < count; ++i) {
      floods.push_back(flooder(service_.address, bench_.MemberToken(absl::StrCat("greedy-", i))));
    }
    return floods;
  }

 private:
  Bench& bench_;
  Service service_;
  std::unique_ptr<RpcClient> caller_;
};

Service StartFlooded(Bench& bench, const std::vector<std::string>& flags) {
  return StartCommentsService(bench, bench.NewFolder("flooded"), "", flags);
}

void AddRow(Report& report, const Side& beside, const Side& quiet, Bound bound) {
  Row row = RatioRow(16, beside.name, "ms p99", P99Millis, beside, quiet, bound, 2);
  row.note = absl::StrCat("p50 ", beside.Middle(P50Millis), " against ", quiet.Middle(P50Millis),
                          " ms; the flood runs on the same cores as the service");
  report.Add(std::move(row));
}

}  // namespace

void RpcFloodBars(Bench& bench, Report& report) {
  FloodedServer open(bench, StartFlooded(bench, {}));
  FloodedServer limited(
      bench,
      StartFlooded(bench, {absl::StrCat("--person_calls_per_second=", kLimitedCallsPerSecond)}));
  for (FloodedServer* server : {&open, &limited}) {
    ImportThread(server->caller(), InvoiceId(0), kComments);
  }
  // What these cores and gRPC alone make of the same callers.
  const std::string page = StringOf(
      Need(open.caller().CallAndWait(kListComments, PageRequest(InvoiceId(0), kPageSize, ""))));
  FloodedServer bare(bench, StartBareGrpcServer(bench, page));
  FloodedServer other(bench, StartBareGrpcServer(bench, page));
  const Window& window = bench.options().window;
  // Whoever resets is kept out for longer each time: the figure is what everybody else has once
  // that is as long as it gets, over one such time and more.
  const Window reset_window{.warm_up = 2 * kPeerPauseMax, .measured = 2 * kPeerPauseMax};
  const auto none = [] { return Floods(); };
  for (const int count : {1, 8}) {
    const std::string beside = absl::StrCat(" beside ", count);
    const std::string caller = "a caller of comments-service" + beside;
    const std::string bare_caller = "a caller of a bare callback server" + beside;
    Side quiet = open.Beside("without", none, window);
    Side resets = open.Beside(
        caller + " who reset", [&] { return open.Begin(Resetter, count); }, reset_window);
    Side calls = open.Beside(
        caller + " who call", [&] { return open.Begin(GreedyCaller, count); }, window);
    Side refused = limited.Beside(
        absl::StrCat(caller, " who call, each allowed ", kLimitedCallsPerSecond, "/s"),
        [&] { return limited.Begin(GreedyCaller, count); }, window);
    Side bare_quiet = bare.Beside("without", none, window);
    Side bare_calls = bare.Beside(
        bare_caller + " who call it", [&] { return bare.Begin(GreedyCaller, count); }, window);
    Side bare_other = bare.Beside(
        bare_caller + " who call another", [&] { return other.Begin(GreedyCaller, count); },
        window);
    Interleave(bench.options().runs,
               {&quiet, &resets, &calls, &refused, &bare_quiet, &bare_calls, &bare_other});
    for (const Side* flooded : {&resets, &calls, &refused}) {
      AddRow(report, *flooded, quiet, Bound::kAtMost);
    }
    for (const Side* flooded : {&bare_calls, &bare_other}) {
      AddRow(report, *flooded, bare_quiet, Bound::kNone);
    }
  }
}

}  // namespace marginalia::bench
