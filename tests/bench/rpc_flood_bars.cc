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

// A comments-service with a thread, and who reads its newest page.
class FloodedService {
 public:
  FloodedService(Bench& bench, const std::vector<std::string>& flags)
      : bench_(bench),
        service_(StartCommentsService(bench, bench.NewFolder("flooded"), "", flags)),
        // A machine of the tenant: what a person may call does not bind it.
        caller_(Client(service_.address, bench.ImporterToken())) {
    ImportThread(*caller_, InvoiceId(0), kComments);
  }

  Side Beside(const std::string& name, const std::function<Floods()>& begin) {
    return {name, [this, begin] {
              const Floods floods = begin();
              const Window& window = bench_.options().window;
              const RpcWork work{.method = kListComments,
                                 .request = [request = PageRequest(InvoiceId(0), kPageSize, "")](
                                                std::int64_t) { return request; }};
              LoadResult result = Need(RunClosedLoop(*caller_, work, window, service_.pid()));
              // Who was hardly answered has waited at least for the window.
              if (result.calls < kCallsMin) {
                result.latency.Record(absl::ToInt64Nanoseconds(window.measured));
              }
              return result;
            }};
  }

  // As many as `count`, each another person.
  Floods Begin(std::unique_ptr<Flooder> (*flooder)(const std::string&, const std::string&),
               int count) const {
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

void AddRow(Report& report, const Side& beside, const Side& quiet) {
  Row row = RatioRow(16, beside.name, "ms p99", P99Millis, beside, quiet, Bound::kAtMost, 2);
  row.note = absl::StrCat("p50 ", beside.Middle(P50Millis), " against ", quiet.Middle(P50Millis),
                          " ms; the flood runs on the same cores as the service");
  report.Add(std::move(row));
}

}  // namespace

void RpcFloodBars(Bench& bench, Report& report) {
  FloodedService open(bench, {});
  FloodedService limited(bench,
                         {absl::StrCat("--person_calls_per_second=", kLimitedCallsPerSecond)});
  for (const int count : {1, 8}) {
    const std::string beside = absl::StrCat("a caller of comments-service beside ", count);
    Side quiet = open.Beside("without", [] { return Floods(); });
    Side resets = open.Beside(beside + " who reset", [&] { return open.Begin(Resetter, count); });
    Side calls = open.Beside(beside + " who call", [&] { return open.Begin(GreedyCaller, count); });
    Side refused = limited.Beside(
        absl::StrCat(beside, " who call, each allowed ", kLimitedCallsPerSecond, "/s"),
        [&] { return limited.Begin(GreedyCaller, count); });
    Interleave(bench.options().runs, {&quiet, &resets, &calls, &refused});
    for (const Side* flooded : {&resets, &calls, &refused}) AddRow(report, *flooded, quiet);
  }
}

}  // namespace marginalia::bench
