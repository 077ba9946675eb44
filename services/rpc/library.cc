#include "services/rpc/library.h"

#include <grpc/support/log.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

std::atomic<std::int64_t> errors = 0;

// Says which lines are logged. Thread-safe.
class Sample {
 public:
  // How many were left out since the last one that was taken; nothing: this one is left out, too.
  std::optional<std::int64_t> Take() {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = SteadyTime::Now();
    if (now - minute_began_ >= absl::Minutes(1)) {
      minute_began_ = now;
      taken_ = 0;
    }
    if (taken_ == kLibraryLinesPerMinuteMax) {
      ++left_out_;
      return std::nullopt;
    }
    ++taken_;
    return std::exchange(left_out_, 0);
  }

 private:
  std::mutex mutex_;
  SteadyTime minute_began_;
  std::int64_t taken_ = 0;
  std::int64_t left_out_ = 0;
};

void LogForGrpc(gpr_log_func_args* args) {
  static Sample sample;
  errors.fetch_add(1, std::memory_order_relaxed);
  const std::optional<std::int64_t> left_out = sample.Take();
  if (!left_out) return;
  Log(args->severity == GPR_LOG_SEVERITY_ERROR ? Severity::kError : Severity::kInfo, "gRPC",
      {{"error", std::string_view(args->message).substr(0, kLibraryLineBytesMax)},
       {"left_out_before", *left_out}});
}

}  // namespace

void PrepareLibraryOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
    gpr_set_log_function(LogForGrpc);
    // Debian builds Abseil with its debugging aids: each lock of gRPC's would be entered into a
    // graph, and a process aborted that might deadlock.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  });
}

std::int64_t LibraryErrors() { return errors.load(std::memory_order_relaxed); }

std::unique_lock<std::mutex> HoldServers() {
  static std::mutex mutex;
  return std::unique_lock(mutex);
}

}  // namespace marginalia
