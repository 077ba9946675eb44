#include "services/rpc/shield/received_bytes.h"

#include <dirent.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <memory>
#include <mutex>

#include "services/net/peer_name.h"

namespace marginalia {
namespace {

// Of peers that sent large messages, as many as are kept until somebody looks.
constexpr std::size_t kLargeSendersMax = 4096;

class LargeMessages {
 public:
  void Add(const std::string& peer, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes_.size() >= kLargeSendersMax) bytes_.clear();
    bytes_[peer] += static_cast<std::int64_t>(bytes);
  }

  // Takes them off, and forgets the peers that are not there.
  void TakeOff(SocketBytes& received) {
    const std::lock_guard lock(mutex_);
    absl::flat_hash_map<std::string, std::int64_t> present;
    for (auto& [socket, bytes] : received) {
      const auto large = bytes_.find(socket.first);
      if (large == bytes_.end()) continue;
      present.insert(*large);
      bytes -= large->second;
    }
    bytes_ = std::move(present);
  }

 private:
  std::mutex mutex_;
  absl::flat_hash_map<std::string, std::int64_t> bytes_;  // guarded by mutex_
};

LargeMessages& LargeMessagesOfProcess() {
  static auto* const messages = new LargeMessages;
  return *messages;
}

void AddSocket(int socket, SocketBytes& received) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  const std::string peer = PeerName(address);
  size = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  tcp_info info{};
  size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  received[{peer, PortOf(address)}] = static_cast<std::int64_t>(info.tcpi_bytes_received);
}

}  // namespace

SocketBytes ReceivedBytes() {
  SocketBytes received;
  const std::unique_ptr<DIR, int (*)(DIR*)> descriptors(opendir("/proc/self/fd"), closedir);
  if (descriptors == nullptr) return received;
  while (const dirent* entry = readdir(descriptors.get())) {
    AddSocket(std::atoi(entry->d_name), received);
  }
  LargeMessagesOfProcess().TakeOff(received);
  return received;
}

void LargeMessageCame(const std::string& peer, std::size_t bytes) {
  LargeMessagesOfProcess().Add(peer, bytes);
}

}  // namespace marginalia
