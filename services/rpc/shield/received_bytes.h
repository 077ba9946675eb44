// What the sockets of this process have received, which gRPC does not tell. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_SHIELD_RECEIVED_BYTES_H_
#define MARGINALIA_SERVICES_RPC_SHIELD_RECEIVED_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace marginalia {

// By peer, written as channelz writes it, and local port, without the large messages that came
// whole. Looks at every file descriptor of the process.
using SocketBytes = absl::flat_hash_map<std::pair<std::string, int>, std::int64_t>;
SocketBytes ReceivedBytes();

// From here on a message is large. Smaller ones are forgotten whenever a connection has none that
// is yet to come whole, but who sends large ones may always have one under way.
inline constexpr std::size_t kLargeMessageBytes = 256 * 1024;
// A large message of this peer has come whole.
void LargeMessageCame(const std::string& peer, std::size_t bytes);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_RECEIVED_BYTES_H_
