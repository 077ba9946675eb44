#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

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
  // Modification time, size and inode of the file that the token was read from.
  std::tuple<std::int64_t, std::int64_t, std::uint64_t> stamp;
  Clock::time_point next_check;

  void ReadIfChanged() {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
      Log(Severity::kWarning, "the service token cannot be read; the last one stays in use",
          {{"path", std::string_view(path)}});
      return;
    }
    const std::tuple<std::int64_t, std::int64_t, std::uint64_t> now(
        info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size, info.st_ino);
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
    stamp = now;
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
