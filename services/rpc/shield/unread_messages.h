// How much each connection has sent of messages that have not come whole. gRPC 1.51 takes as much
// of a message as it says to have, up to 4 GiB, and only then looks at its size and asks who calls;
// and it waits for the rest for as long as the connection lasts. Used by one thread.
#ifndef MARGINALIA_SERVICES_RPC_SHIELD_UNREAD_MESSAGES_H_
#define MARGINALIA_SERVICES_RPC_SHIELD_UNREAD_MESSAGES_H_

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "services/rpc/server/server.h"
#include "services/rpc/shield/channelz.h"

namespace marginalia {

// Of all connections together; beyond it those with most are ended. Six of the largest requests,
// and a quarter of what a pod has (deploy/kubernetes).
inline constexpr std::int64_t kUnreadBytesMax = 4LL * kReceivedBytesMax;
// A connection is ended when so many looks in a row have found a message of it that had not come
// whole: one that carries many calls nearly always has one under way, but not at each look.
inline constexpr int kLooksBeforeEnd = 10;

class UnreadMessages {
 public:
  // The ids of the connections to end, so that all others together have sent no more than that.
  std::unordered_set<std::int64_t> TooMany(const std::vector<ServedConnection>& connections);

  // Whether the last look found too many: then the next one must not wait.
  bool found_too_many() const { return found_too_many_; }

 private:
  struct Seen {
    // What the connection had received when last none of its messages was yet to come whole.
    std::int64_t read = 0;
    // How many looks have found such a message since.
    int looks = 0;
  };

  std::unordered_map<std::int64_t, Seen> seen_;
  bool found_too_many_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_UNREAD_MESSAGES_H_
