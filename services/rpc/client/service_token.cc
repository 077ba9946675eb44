#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/process/file_stamp.h"
#include "services/process/log.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/client/token_file.h"

namespace marginalia {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kCheckInterval{1};

}  // namespace

struct ServiceToken::State {
  std::string path;
  std::mutex mutex;
  std::string token;
  // Of the file that the token was read from.
  std::vector<FileStamp> stamp;
  Clock::time_point next_check;

  void ReadIfChanged() {
    std::vector<FileStamp> now = StampsOf({path});
    if (now.empty()) {
      Log(Severity::kWarning, "the service token cannot be read; the last one stays in use",
          {{"path", std::string_view(path)}});
      return;
    }
    if (now == stamp) return;
    absl::StatusOr<std::string> read = ReadTokenFile(path);
    if (!read.ok()) {
      const std::string why(read.status().message());
      Log(Severity::kWarning, "the service token cannot be used; the last one stays in use",
          {{"error", std::string_view(why)}});
      return;
    }
    // Empty: the file is just being written.
    if (read->empty()) return;
    token = *std::move(read);
    stamp = std::move(now);
  }
};

ServiceToken::ServiceToken(std::string path) : state_(std::make_shared<State>()) {
  state_->path = std::move(path);
}

std::string ServiceToken::Current() {
  if (state_->path.empty()) return "";
  const std::lock_guard lock(state_->mutex);
  if (const auto now = Clock::now(); now >= state_->next_check) {
    state_->next_check = now + kCheckInterval;
    state_->ReadIfChanged();
  }
  return state_->token;
}

}  // namespace marginalia
