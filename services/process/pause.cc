#include "services/process/pause.h"

#include <condition_variable>
#include <mutex>

namespace marginalia {

bool Pause(absl::Duration time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, absl::ToChronoNanoseconds(time), [] { return false; });
  return !stop.stop_requested();
}

}  // namespace marginalia
