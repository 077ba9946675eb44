#include "gateway/http/gate/answer_room.h"

#include <mutex>

namespace marginalia {

struct AnswerRoom::State {
  explicit State(AnswerRoomOptions given) : options(given) {}

  bool Take(std::size_t bytes) {
    const std::lock_guard lock(mutex);
    if (bytes > options.bytes_max - taken_bytes) return false;
    taken_bytes += bytes;
    return true;
  }

  void GiveBack(std::size_t bytes) {
    const std::lock_guard lock(mutex);
    taken_bytes -= bytes;
  }

  const AnswerRoomOptions options;
  std::mutex mutex;
  std::size_t taken_bytes = 0;
};

AnswerRoom::AnswerRoom(AnswerRoomOptions options) : state_(std::make_shared<State>(options)) {}

bool AnswerRoom::Take(HttpResponse& response) {
  const std::size_t bytes = response.body.size();
  if (bytes <= kSmallAnswerBytesMax) return true;
  if (!state_->Take(bytes)) return false;
  response.room = std::shared_ptr<void>(
      nullptr, [state = state_, bytes](std::nullptr_t) { state->GiveBack(bytes); });
  return true;
}

}  // namespace marginalia
