#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/process/file_watch.h"
#include "services/process/log.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/client/token_file.h"

namespace marginalia {

struct ServiceToken::State {
  explicit State(std::string given) : path(std::move(given)) {
    if (path.empty()) return;
    std::vector<FileStamp> stamps = StampsOf({path});
    if (stamps.empty()) {
      Log(Severity::kWarning, "there is no service token yet: calls go out without identity",
          {{"path", std::string_view(path)}});
    }
    if (!stamps.empty() && !Read()) stamps.clear();
    watch.emplace(std::vector<std::string>{path}, std::move(stamps), [this] { return Read(); });
  }

  bool Read() {
    absl::StatusOr<std::string> read = ReadTokenFile(path);
    if (!read.ok()) {
      Log(Severity::kWarning, "the service token cannot be used; the last one stays in use",
          {{"error", std::string(read.status().message())}});
      return false;
    }
    // Empty: the file is just being written.
    if (read->empty()) return false;
    const std::lock_guard lock(mutex);
    token = *std::move(read);
    expires = ExpiryOf(token);
    return true;
  }

  const std::string path;
  std::mutex mutex;
  std::string token;                  // guarded by mutex
  std::optional<absl::Time> expires;  // guarded by mutex
  std::optional<FileWatch> watch;
};

ServiceToken::ServiceToken(std::string path) : state_(std::make_shared<State>(std::move(path))) {}

std::string ServiceToken::Current() {
  const std::lock_guard lock(state_->mutex);
  return state_->token;
}

void ServiceToken::AddMetrics(Metrics& metrics) const {
  metrics.AddGauge("marginalia_service_token_expiry_timestamp_seconds",
                   "When this process's own token expires, in Unix time; NaN while it has none.",
                   {}, [state = state_] {
                     const std::lock_guard lock(state->mutex);
                     return state->expires
                                ? absl::ToDoubleSeconds(*state->expires - absl::UnixEpoch())
                                : std::numeric_limits<double>::quiet_NaN();
                   });
}

}  // namespace marginalia
