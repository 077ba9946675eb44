// The limit for what a gateway pays upstream: a process that does nothing but call a gRPC server
// over one connection with the callback API, and says what its own CPU time was per call.
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <time.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "absl/synchronization/mutex.h"
#include "tests/bench/clock.h"

namespace marginalia::bench {
namespace {

constexpr std::int64_t kWarmUpNanos = 500'000'000;
constexpr std::int64_t kWaitMaxNanos = 10'000'000'000;

std::int64_t OwnCpuNanos() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

// The request of a page: an invoice id, and the caller's token beside it as a gateway forwards it.
struct Request {
  grpc::ByteBuffer bytes;
  std::string authorization;
};

class Callers {
 public:
  Callers(const std::string& address, std::string method, Request request, std::int64_t nanos)
      : stub_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
        method_(std::move(method)),
        request_(std::move(request)),
        warm_until_(NowNanos() + kWarmUpNanos),
        until_(warm_until_ + nanos) {}

  // Returns the exit code.
  int Run(int callers) {
    open_ = callers;
    for (int i = 0; i < callers; ++i) Call();
    std::unique_lock lock(mutex_);
    const auto longest = std::chrono::nanoseconds(until_ - NowNanos() + kWaitMaxNanos);
    const bool ended = ended_.wait_for(lock, longest, [this] { return open_ == 0; });
    if (!ended || failures_ > 0 || calls_ == 0) {
      std::fprintf(stderr, "%lld calls failed\n", static_cast<long long>(failures_));
      std::_Exit(1);
    }
    std::fprintf(stderr,
                 R"({"message":"finished","cpu_micros":"%.4f","per_second":"%.0f"})"
                 "\n",
                 static_cast<double>(cpu_nanos_) / 1e3 / static_cast<double>(calls_),
                 static_cast<double>(calls_) * 1e9 / static_cast<double>(until_ - warm_until_));
    return 0;
  }

 private:
  struct OneCall {
    grpc::ClientContext context;
    grpc::ByteBuffer answer;
  };

  void Call() {
    auto* call = new OneCall;
    call->context.AddMetadata("authorization", request_.authorization);
    stub_.UnaryCall(&call->context, method_, {}, &request_.bytes, &call->answer,
                    [this, call](const grpc::Status& status) {
                      delete call;
                      Answered(status.ok());
                    });
  }

  void Answered(bool ok) {
    const std::int64_t now = NowNanos();
    {
      const std::lock_guard lock(mutex_);
      if (!ok) ++failures_;
      if (now >= warm_until_ && cpu_start_ == 0) cpu_start_ = OwnCpuNanos();
      if (now >= warm_until_ && now < until_) ++calls_;
      if (now >= until_ && cpu_nanos_ == 0) cpu_nanos_ = OwnCpuNanos() - cpu_start_;
      if (now >= until_ || failures_ > 0) {
        if (--open_ == 0) ended_.notify_one();
        return;
      }
    }
    Call();
  }

  grpc::GenericStub stub_;
  const std::string method_;
  const Request request_;
  const std::int64_t warm_until_;
  const std::int64_t until_;
  std::mutex mutex_;
  std::condition_variable ended_;
  int open_ = 0;
  std::int64_t calls_ = 0;
  std::int64_t failures_ = 0;
  std::int64_t cpu_start_ = 0;
  std::int64_t cpu_nanos_ = 0;
};

}  // namespace
}  // namespace marginalia::bench

int main(int argc, char** argv) {
  // As the services do: see services/rpc/library.cc.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (argc != 6) {
    std::fputs("usage: bare_grpc_client ADDRESS METHOD INVOICE-ID CALLERS MILLISECONDS\n", stderr);
    return 2;
  }
  // Field 1, a string: the invoice id of ListComments and of GetInvoice alike.
  const std::string id = argv[3];
  const std::string bytes = std::string("\x0a") + static_cast<char>(id.size()) + id;
  const grpc::Slice slice(bytes);
  const char* token = std::getenv("BENCH_TOKEN");
  marginalia::bench::Request request{grpc::ByteBuffer(&slice, 1),
                                     std::string("Bearer ") + (token == nullptr ? "" : token)};
  marginalia::bench::Callers callers(argv[1], argv[2], std::move(request),
                                     std::atoll(argv[5]) * 1'000'000);
  return callers.Run(std::atoi(argv[4]));
}
