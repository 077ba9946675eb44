// The room for large answers that clients have not taken yet, so that those who do not read cannot
// make the gateway hold any number of them. Thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_ANSWER_ROOM_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_ANSWER_ROOM_H_

#include <cstddef>
#include <memory>

#include "gateway/http/message.h"

namespace marginalia {

// Answers up to this size are bounded by the number of connections.
inline constexpr std::size_t kSmallAnswerBytesMax = 16 * 1024;
inline constexpr std::size_t kLargeAnswersBytesMax = 256 * 1024 * 1024;

struct AnswerRoomOptions {
  std::size_t bytes_max = kLargeAnswersBytesMax;
};

class AnswerRoom {
 public:
  explicit AnswerRoom(AnswerRoomOptions options);

  // Room for the response as it stands, which holds it for as long as it lives, and longer than
  // this if need be. False: there is none.
  bool Take(HttpResponse& response);

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_ANSWER_ROOM_H_
