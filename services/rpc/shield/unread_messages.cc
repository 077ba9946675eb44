#include "services/rpc/shield/unread_messages.h"

#include <algorithm>
#include <utility>

namespace marginalia {
namespace {

struct Unread {
  std::int64_t id = 0;
  std::int64_t bytes = 0;
};

}  // namespace

std::unordered_set<std::int64_t> UnreadMessages::TooMany(
    const std::vector<ServedConnection>& connections) {
  std::unordered_map<std::int64_t, std::int64_t> read;
  std::vector<Unread> unread;
  std::int64_t all = 0;
  for (const ServedConnection& connection : connections) {
    const auto before = read_.find(connection.id);
    std::int64_t& read_here = read[connection.id];
    // A large message may be taken off only after it was seen to have come.
    read_here = before == read_.end() ? 0 : std::min(before->second, connection.received_bytes);
    if (connection.messages_to_come == 0) read_here = connection.received_bytes;
    const std::int64_t bytes = connection.received_bytes - read_here;
    all += bytes;
    unread.push_back({connection.id, bytes});
  }
  read_ = std::move(read);
  std::sort(unread.begin(), unread.end(),
            [](const Unread& left, const Unread& right) { return left.bytes > right.bytes; });
  std::unordered_set<std::int64_t> too_many;
  for (auto most = unread.begin(); all > kUnreadBytesMax; ++most) {
    too_many.insert(most->id);
    all -= most->bytes;
  }
  return too_many;
}

}  // namespace marginalia
