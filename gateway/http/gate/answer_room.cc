#include "gateway/http/gate/answer_room.h"

#include <mutex>

#include "absl/container/flat_hash_map.h"

namespace marginalia {

struct AnswerRoom::State {
  explicit State(AnswerRoomOptions given) : options(given) {}

  bool Take(const std::string& org_id, std::size_t bytes) {
    const std::lock_guard lock(mutex);
    const auto found = tenant_bytes.find(org_id);
    const std::size_t of_tenant = found == tenant_bytes.end() ? 0 : found->second;
    if (taken_bytes + bytes > options.bytes_max || of_tenant + bytes > options.tenant_bytes_max) {
      return false;
    }
    taken_bytes += bytes;
    tenant_bytes[org_id] = of_tenant + bytes;
    return true;
  }

  void GiveBack(const std::string& org_id, std::size_t bytes) {
    const std::lock_guard lock(mutex);
    taken_bytes -= bytes;
    const auto of_tenant = tenant_bytes.find(org_id);
    of_tenant->second -= bytes;
    if (of_tenant->second == 0) tenant_bytes.erase(of_tenant);
  }

  const AnswerRoomOptions options;
  std::mutex mutex;
  std::size_t taken_bytes = 0;
  absl::flat_hash_map<std::string, std::size_t> tenant_bytes;
};

AnswerRoom::AnswerRoom(AnswerRoomOptions options) : state_(std::make_shared<State>(options)) {}

bool AnswerRoom::Take(const std::string& org_id, HttpResponse& response) {
  const std::size_t bytes = response.body.size();
  if (bytes <= kSmallAnswerBytesMax) return true;
  if (!state_->Take(org_id, bytes)) return false;
  response.room = std::shared_ptr<void>(
      nullptr, [state = state_, org_id, bytes](std::nullptr_t) { state->GiveBack(org_id, bytes); });
  return true;
}

}  // namespace marginalia
