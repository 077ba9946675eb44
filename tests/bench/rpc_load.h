// Puts load on a gRPC server and measures: calls in a closed loop (each caller sends its next call
// when the last is answered) with the server's CPU time over the same window, or started at a fixed
// pace whatever the answers do.
#ifndef MARGINALIA_TESTS_BENCH_RPC_LOAD_H_
#define MARGINALIA_TESTS_BENCH_RPC_LOAD_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/latency_histogram.h"
#include "tests/bench/rpc_client.h"

namespace marginalia::bench {

struct Window {
  absl::Duration warm_up = absl::Milliseconds(500);
  absl::Duration measured = absl::Seconds(3);
};

// The calls to make.
struct RpcWork {
  // "/package.Service/Method".
  std::string method;
  // The request of call 0, 1, 2 …; called from two threads.
  std::function<grpc::ByteBuffer(std::int64_t call)> request;
  // Callers at a time, spread over the client's connections.
  int callers = 1;
};

struct LoadResult {
  std::int64_t calls = 0;
  double seconds = 0;
  // CPU time of the server per call, user and system.
  double cpu_micros = 0;
  LatencyHistogram latency;

  double PerSecond() const { return static_cast<double>(calls) / seconds; }
};

// Fails, with how many calls failed and what the first one said, when any call is not answered OK
// or the answers stop: a figure never comes from failed calls.
absl::StatusOr<LoadResult> RunClosedLoop(RpcClient& client, const RpcWork& work,
                                         const Window& window, pid_t server);

// Makes the calls 0, 1, 2 … < `count` of the work, so many callers at a time, to fill a database.
// Fails with the first call that does.
absl::Status CallAll(RpcClient& client, const RpcWork& work, std::int64_t count);

// Calls `start(call, due_nanos)` for 0, 1, 2 … < `calls`, each when it is due at `per_second`; when
// held up, at once. Runs on the calling thread until the last call was started.
absl::Status RunPaced(std::int64_t per_second, std::int64_t calls,
                      absl::FunctionRef<void(std::int64_t call, std::int64_t due_nanos)> start);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_RPC_LOAD_H_
