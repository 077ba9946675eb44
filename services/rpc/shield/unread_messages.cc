#include "services/rpc/shield/unread_messages.h"

#include <algorithm>
#include <utility>

namespace marginalia {
namespace {

struct Unread {
  std::int64_t id = 0;
  std::int64_t bytes = 0;
  int looks = 0;
};

}  // namespace

std::unordered_set<std::int64_t> UnreadMessages::TooMany(
    const std::vector<ServedConnection>& connections) {
  std::unordered_map<std::int64_t, Seen> seen;
  std::vector<Unread> unread;
  std::int64_t all = 0;
  for (const ServedConnection& connection : connections) {
    const auto before = seen_.find(connection.id);
    Seen& here = seen[connection.id];
    if (before != seen_.end()) here = before->second;
    // A large message may be taken off only after it was seen to have come.
    here.read = std::min(here.read, connection.received_bytes);
    ++here.looks;
    if (connection.messages_to_come == 0) here = {connection.received_bytes, 0};
    const std::int64_t bytes = connection.received_bytes - here.read;
    all += bytes;
    unread.push_back({connection.id, bytes, here.looks});
  }
  seen_ = std::move(seen);
  found_too_many_ = all > kUnreadBytesMax;
  std::sort(unread.begin(), unread.end(),
            [](const Unread& left, const Unread& right) { return left.bytes > right.bytes; });
  std::unordered_set<std::int64_t> too_many;
  for (const Unread& most : unread) {
    if (all <= kUnreadBytesMax) break;
    if (most.looks < kLooksBeforeEnd) continue;
    too_many.insert(most.id);
    all -= most.bytes;
  }
  return too_many;
}

}  // namespace marginalia
