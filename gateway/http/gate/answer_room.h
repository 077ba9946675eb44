// The room for large answers that clients have not taken yet, so that those who do not read cannot
// make the gateway hold any number of them. Those of one tenant leave room for the others'.
// Thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_ANSWER_ROOM_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_ANSWER_ROOM_H_

#include <cstddef>
#include <memory>
#include <string>

#include "gateway/http/message.h"

namespace marginalia {

// Answers up to this size are bounded by the number of connections.
inline constexpr std::size_t kSmallAnswerBytesMax = 16 * 1024;
inline constexpr std::size_t kLargeAnswersBytesMax = 256 * 1024 * 1024;
inline constexpr std::size_t kTenantLargeAnswersBytesMax = kLargeAnswersBytesMax / 4;

struct AnswerRoomOptions {
  std::size_t bytes_max = kLargeAnswersBytesMax;
  std::size_t tenant_bytes_max = kTenantLargeAnswersBytesMax;
};

class AnswerRoom {
 public:
  explicit AnswerRoom(AnswerRoomOptions options);

  // Room for the response as it stands, which holds it for as long as it lives, and longer than
  // this if need be. False: there is none. Answers to nobody in particular, with an empty `org_id`,
  // are those of a tenant of their own.
  bool Take(const std::string& org_id, HttpResponse& response);

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_ANSWER_ROOM_H_
