#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
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
constexpr int kResetsPerSend = 100;
// Of one connection, which is cut long before.
constexpr int kResetsMax = 100'000;

// Somebody who goes on until he is destroyed, on a thread of his own.
class Flooder {
 public:
  // `flood` runs again and again until `ending`, which it looks at as well.
  explicit Flooder(std::function<void(const std::atomic<bool>& ending)> flood)
      : thread_([this, flood = std::move(flood)] {
          while (!ending_) flood(ending_);
        }) {}
  ~Flooder() {
    ending_ = true;
    thread_.join();
  }
  Flooder(const Flooder&) = delete;

 private:
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

// Begins and resets calls until the connection is cut.
void ResetCalls(const std::string& address, const std::string& headers,
                const std::atomic<bool>& ending) {
  absl::StatusOr<LoopbackSocket> connection = LoopbackSocket::Connect(address);
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

std::unique_ptr<Flooder> GreedyCaller(const std::string& address, const std::string& token,
                                      pid_t server) {
  std::shared_ptr<RpcClient> client = Client(address, token, kGreedyConnections);
  const RpcWork work{.method = kListComments,
                     .request = [request = PageRequest(InvoiceId(0), kPageSize, "")](
                                    std::int64_t) { return request; },
                     .callers = kGreedyCallers};
  return std::make_unique<Flooder>([client, work, server](const std::atomic<bool>&) {
    // He may be refused for what he takes: what he is told is nobody's figure.
    RunClosedLoop(*client, work, {absl::ZeroDuration(), absl::Milliseconds(200)}, server)
        .IgnoreError();
  });
}

using Floods = std::vector<std::unique_ptr<Flooder>>;

}  // namespace

void RpcFloodBars(Bench& bench, Report& report) {
  const Service comments = StartCommentsService(bench, bench.NewFolder("flooded"));
  ImportThread(*Client(comments.address, bench.ImporterToken()), InvoiceId(0), kComments);
  const auto caller = Client(comments.address, bench.MemberToken());
  const RpcWork work{.method = kListComments,
                     .request = [request = PageRequest(InvoiceId(0), kPageSize, "")](std::int64_t) {
                       return request;
                     }};
  const Window& window = bench.options().window;
  const auto side = [&](const std::string& name, const std::function<Floods()>& begin) {
    return Side{name, [&, begin] {
                  const Floods floods = begin();
                  LoadResult result = Need(RunClosedLoop(*caller, work, window, comments.pid()));
                  // Who was hardly answered has waited at least for the window.
                  if (result.calls < kCallsMin) {
                    result.latency.Record(absl::ToInt64Nanoseconds(window.measured));
                  }
                  return result;
                }};
  };
  const auto token = [&](int i) { return bench.MemberToken(absl::StrCat("greedy-", i)); };
  for (const int count : {1, 8}) {
    Side quiet = side("without", [] { return Floods(); });
    Side resets =
        side(absl::StrCat("a caller of comments-service beside ", count, " who reset"), [&, count] {
          Floods floods;
          for (int i = 0; i < count; ++i) {
            floods.push_back(Resetter(comments.address, token(i)));
          }
          return floods;
        });
    Side calls =
        side(absl::StrCat("a caller of comments-service beside ", count, " who call"), [&, count] {
          Floods floods;
          for (int i = 0; i < count; ++i) {
            floods.push_back(GreedyCaller(comments.address, token(i), comments.pid()));
          }
          return floods;
        });
    Interleave(bench.options().runs, {&quiet, &resets, &calls});
    for (const Side* beside : {&resets, &calls}) {
      Row row = RatioRow(16, beside->name, "ms p99", P99Millis, *beside, quiet, Bound::kAtMost, 2);
      row.note =
          absl::StrCat("p50 ", beside->Middle(P50Millis), " against ", quiet.Middle(P50Millis),
                       " ms; the flood runs on the same cores as the service");
      report.Add(std::move(row));
    }
  }
}

}  // namespace marginalia::bench
