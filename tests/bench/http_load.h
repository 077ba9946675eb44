// Puts load on an HTTP/1.1 server in a closed loop over keep-alive connections, from the calling
// thread, and fetches single answers.
#ifndef MARGINALIA_TESTS_BENCH_HTTP_LOAD_H_
#define MARGINALIA_TESTS_BENCH_HTTP_LOAD_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/rpc_load.h"

namespace marginalia::bench {

struct HttpWork {
  std::string address;
  // The whole request, head and body.
  std::string request = {};
  // What every answer must be.
  int status = 200;
  int connections = 16;
  // The request of call 0, 1, 2 …, where each is another one; null: `request`.
  std::function<std::string(std::int64_t call)> next = nullptr;
  // The loopback address that the connections come from; empty: the usual one.
  std::string from = {};
};

// Fails when an answer has another status or the answers stop. `latency` and `cpu_micros` as in
// RunClosedLoop.
absl::StatusOr<LoadResult> RunHttpLoop(const HttpWork& work, const Window& window, pid_t server);

// A POST request with a body of JSON.
std::string PostRequest(std::string_view address, std::string_view target,
                        const std::vector<std::pair<std::string, std::string>>& headers,
                        std::string_view body);

// A GET request. Header lines are name and value.
std::string GetRequest(std::string_view address, std::string_view target,
                       const std::vector<std::pair<std::string, std::string>>& headers);

// Sends the request and returns the whole answer, head and body. Fails unless its status is
// `status`.
absl::StatusOr<std::string> FetchAnswer(const std::string& address, const std::string& request,
                                        int status);

// How many bytes the answer at the front of `received` has; 0 while it is not there whole.
std::size_t AnswerSize(std::string_view received);

// The answer's status code; 0 when it has none.
int StatusOf(std::string_view answer);

// The value of a header, looked up without regard to case; empty when there is none.
std::string HeaderOf(std::string_view answer, std::string_view name);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_HTTP_LOAD_H_
