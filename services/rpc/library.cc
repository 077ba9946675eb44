#include "services/rpc/library.h"

#include <grpc/support/log.h>

#include <mutex>
#include <string_view>

#include "absl/synchronization/mutex.h"
#include "services/process/log.h"

namespace marginalia {
namespace {

void LogForGrpc(gpr_log_func_args* args) {
  Log(args->severity == GPR_LOG_SEVERITY_ERROR ? Severity::kError : Severity::kInfo, "gRPC",
      {{"error", std::string_view(args->message)}});
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

std::unique_lock<std::mutex> HoldServers() {
  static std::mutex mutex;
  return std::unique_lock(mutex);
}

}  // namespace marginalia
