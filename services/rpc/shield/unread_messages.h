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
class UnreadMessages {
 public:
  // The ids of the connections to end, so that all others together have sent no more than that.
  std::unordered_set<std::int64_t> TooMany(const std::vector<ServedConnection>& connections);

 private:
  // What each connection had received when last none of its messages was yet to come whole.
  std::unordered_map<std::int64_t, std::int64_t> read_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_UNREAD_MESSAGES_H_
