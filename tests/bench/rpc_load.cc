#include "tests/bench/rpc_load.h"

#include <sys/prctl.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "tests/bench/clock.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/pace.h"
#include "tests/bench/process_usage.h"

namespace marginalia::bench {
namespace {

// How long answers may stay away after the window before the run has failed.
constexpr absl::Duration kDrainMax = absl::Seconds(10);
constexpr std::chrono::milliseconds kInterruptCheck{200};

// One run. Shared with the calls under way, which may outlive a run that failed. All but Start's
// first calls and Wait happen on the client's answering thread.
class ClosedLoop : public std::enable_shared_from_this<ClosedLoop> {
 public:
  ClosedLoop(RpcClient& client, const RpcWork& work, const Window& window, pid_t server)
      : client_(client), work_(work), window_(window), server_(server) {}

  void Start() {
    warm_until_ = NowNanos() + absl::ToInt64Nanoseconds(window_.warm_up);
    measure_until_ = warm_until_ + absl::ToInt64Nanoseconds(window_.measured);
    open_ = work_.callers;
    for (int caller = 0; caller < work_.callers; ++caller) CallAs(caller);
  }

  absl::StatusOr<LoadResult> Wait() {
    const absl::Duration longest = window_.warm_up + window_.measured + kDrainMax;
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(longest);
    std::unique_lock lock(mutex_);
    while (!ended_ && std::chrono::steady_clock::now() < until) {
      ended_signal_.wait_for(lock, kInterruptCheck);
      if (Interrupted()) stop_ = true;
    }
    stop_ = true;
    if (Interrupted()) return CheckInterrupt();
    if (!ended_) {
      return absl::DeadlineExceededError(absl::StrCat(work_.method, ": the answers stopped"));
    }
    if (failures_ > 0) {
      return absl::Status(
          first_failure_.code(),
          absl::StrCat(failures_, " calls failed, the first with: ", first_failure_.message()));
    }
    return std::move(result_);
  }

 private:
  void CallAs(int caller) {
    const std::int64_t call = next_call_.fetch_add(1, std::memory_order_relaxed);
    const grpc::ByteBuffer request = work_.request(call);
    const std::int64_t start = NowNanos();
    client_.Call(caller, work_.method, request,
                 [self = shared_from_this(), caller, start](const grpc::Status& status,
                                                            const grpc::ByteBuffer&) {
                   self->Answered(caller, start, status);
                 });
  }

  void Answered(int caller, std::int64_t start, const grpc::Status& status) {
    const std::int64_t now = NowNanos();
    if (!status.ok() && failures_++ == 0) first_failure_ = OutcomeOf(work_.method, status);
    if (now >= warm_until_) Measure(start, now);
    if (now < measure_until_ && failures_ == 0 && !stop_) return CallAs(caller);
    if (--open_ > 0) return;
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ended_signal_.notify_all();
  }

  void Measure(std::int64_t start, std::int64_t now) {
    if (measured_) return;
    if (window_start_ == 0) {
      window_start_ = now;
      cpu_start_ = CpuNanos(server_);
      return;
    }
    ++result_.calls;
    result_.latency.Record(now - start);
    if (now < measure_until_) return;
    measured_ = true;
    result_.seconds = static_cast<double>(now - window_start_) / 1e9;
    result_.cpu_micros = static_cast<double>(CpuNanos(server_) - cpu_start_) / 1e3 /
                         static_cast<double>(result_.calls);
  }

  RpcClient& client_;
  const RpcWork work_;
  const Window window_;
  const pid_t server_;
  std::atomic<std::int64_t> next_call_ = 0;
  std::atomic<bool> stop_ = false;
  std::int64_t warm_until_ = 0;
  std::int64_t measure_until_ = 0;
  std::int64_t window_start_ = 0;
  std::int64_t cpu_start_ = 0;
  bool measured_ = false;
  int open_ = 0;
  std::int64_t failures_ = 0;
  absl::Status first_failure_;
  LoadResult result_;
  std::mutex mutex_;
  std::condition_variable ended_signal_;
  bool ended_ = false;  // guarded by mutex_; what the answers wrote is read after it
};

// A number of calls, as ClosedLoop is shared.
class CountedCalls : public std::enable_shared_from_this<CountedCalls> {
 public:
  CountedCalls(RpcClient& client, const RpcWork& work, std::int64_t count)
      : client_(client), work_(work), count_(count) {}

  absl::Status Run() {
    for (int caller = 0; caller < work_.callers; ++caller) CallNext(caller);
    std::unique_lock lock(mutex_);
    while (status_.ok() && answered_ < count_) {
      signal_.wait_for(lock, kInterruptCheck);
      if (Interrupted()) status_ = CheckInterrupt();
    }
    return status_;
  }

 private:
  void CallNext(int caller) {
    std::int64_t call = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ == count_ || !status_.ok()) return;
      call = next_++;
    }
    client_.Call(
        caller, work_.method, work_.request(call),
        [self = shared_from_this(), caller](const grpc::Status& status, const grpc::ByteBuffer&) {
          self->Answered(status);
          self->CallNext(caller);
        });
  }

  void Answered(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (!status.ok() && status_.ok()) status_ = OutcomeOf(work_.method, status);
    if (++answered_ == count_ || !status_.ok()) signal_.notify_all();
  }

  RpcClient& client_;
  const RpcWork work_;
  const std::int64_t count_;
  std::mutex mutex_;  // guards all that follows
  std::condition_variable signal_;
  std::int64_t next_ = 0;
  std::int64_t answered_ = 0;
  absl::Status status_;
};

}  // namespace

absl::Status CallAll(RpcClient& client, const RpcWork& work, std::int64_t count) {
  return std::make_shared<CountedCalls>(client, work, count)->Run();
}

absl::StatusOr<LoadResult> RunClosedLoop(RpcClient& client, const RpcWork& work,
                                         const Window& window, pid_t server) {
  const auto loop = std::make_shared<ClosedLoop>(client, work, window, server);
  loop->Start();
  return loop->Wait();
}

absl::Status RunPaced(std::int64_t per_second, std::int64_t calls,
                      absl::FunctionRef<void(std::int64_t call, std::int64_t due_nanos)> start) {
  // The kernel may wake a sleeper 50 µs late otherwise.
  prctl(PR_SET_TIMERSLACK, 1);
  const Pace pace(NowNanos(), per_second);
  for (std::int64_t call = 0; call < calls && !Interrupted(); ++call) {
    const std::int64_t due = pace.DueNanos(call);
    const timespec until{due / 1'000'000'000, due % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    start(call, due);
  }
  return CheckInterrupt();
}

}  // namespace marginalia::bench
