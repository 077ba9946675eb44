#include "services/net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/net/peer_name.h"
#include "services/process/file_limit.h"
#include "services/process/stopwatch.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr char kFlooder[] = "127.0.0.2";
constexpr char kOther[] = "127.0.0.3";

class ListenerTest : public testing::Test {
 protected:
  ~ListenerTest() override {
    if (listener_ != nullptr) listener_->Close();
    for (const int socket : sockets_) close(socket);
    for (const int socket : accepted_) close(socket);
  }

  // Both ends of each connection are this process's.
  static void SetUpTestSuite() { RaiseFileLimit(); }

  void Start(bool with_tls) {
    auto bound = Listener::Bind("127.0.0.1:0", with_tls);
    ASSERT_TRUE(bound.ok()) << bound.status();
    listener_ = *std::move(bound);
    listener_->Start([this](int socket) {
      sockaddr_storage peer{};
      socklen_t size = sizeof(peer);
      getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size);
      const std::lock_guard lock(mutex_);
      accepted_.push_back(socket);
      others_ += HostOf(PeerName(peer)) == std::string("ipv4:") + kOther;
    });
  }

  // A new connection from a loopback address.
  void Connect(const char* from) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = inet_addr(from);
    EXPECT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&own), sizeof(own)), 0);
    // Its port is free again at once: a host has some 28,000.
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    const std::string& address = listener_->address();
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    EXPECT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&server), sizeof(server)), 0);
    sockets_.push_back(socket);
  }

  // How many of the clients' ends have been reset.
  std::size_t CountReset() const {
    return static_cast<std::size_t>(std::count_if(sockets_.begin(), sockets_.end(), [](int socket) {
      char byte = 0;
      return recv(socket, &byte, 1, MSG_DONTWAIT) >= 0 || errno == ECONNRESET;
    }));
  }

  std::size_t accepted() {
    const std::lock_guard lock(mutex_);
    return accepted_.size();
  }
  int others() {
    const std::lock_guard lock(mutex_);
    return others_;
  }

  std::unique_ptr<Listener> listener_;
  std::vector<int> sockets_;
  std::mutex mutex_;
  std::vector<int> accepted_;  // guarded by mutex_
  int others_ = 0;             // guarded by mutex_
};

TEST_F(ListenerTest, AHostHasSoManyHandshakesASecondAndItsNextOnesWaitTheirTurn) {
  Start(/*with_tls=*/true);
  const Stopwatch since;
  constexpr std::size_t kConnections = 2 * kHandshakesPerSecond;
  for (std::size_t i = 0; i < kConnections; ++i) Connect(kFlooder);
  // Another host's comes between, and none of those is lost.
  Connect(kOther);
  EXPECT_TRUE(Await([this] { return others() == 1; }));
  const std::size_t so_far = accepted() - 1;
  EXPECT_LE(so_far, kHandshakesPerSecond * (1 + absl::ToDoubleSeconds(since.elapsed())));
  EXPECT_TRUE(Await([this] { return accepted() == kConnections + 1; }));
  EXPECT_GE(since.elapsed(), absl::Seconds(1) - absl::Seconds(1) / kHandshakesPerSecond);
}

TEST_F(ListenerTest, WithoutTlsNobodyWaits) {
  Start(/*with_tls=*/false);
  for (int i = 0; i < 2 * kHandshakesPerSecond; ++i) Connect(kFlooder);
  EXPECT_TRUE(Await([this] { return accepted() == 2 * kHandshakesPerSecond; }));
}

TEST_F(ListenerTest, WhoWouldWaitTooLongIsReset) {
  Start(/*with_tls=*/true);
  const auto most =
      static_cast<int>(kHandshakesPerSecond * (1 + absl::ToInt64Seconds(kHandshakeWaitMax)));
  for (int i = 0; i < most; ++i) Connect(kFlooder);
  // Those that have had their turn meanwhile have made room.
  EXPECT_TRUE(Await([this] {
    for (int i = 0; i < 100; ++i) Connect(kFlooder);
    return CountReset() > 0;
  }));
  Connect(kOther);
  EXPECT_TRUE(Await([this] { return others() == 1; }));
}

TEST_F(ListenerTest, ThoseThatWaitAreResetWhenItCloses) {
  Start(/*with_tls=*/true);
  for (int i = 0; i < 3 * kHandshakesPerSecond; ++i) Connect(kFlooder);
  EXPECT_TRUE(Await([this] { return accepted() > kHandshakesPerSecond; }));
  listener_->Close();
  EXPECT_TRUE(Await([this] { return CountReset() == sockets_.size() - accepted(); }));
}

TEST_F(ListenerTest, HoweverManyHostsTakeAllTheyCanFilesAreLeftToTheProcess) {
  Start(/*with_tls=*/false);
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit before = files;
  files.rlim_cur = 512;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  // Each of them stays within what a single host may have.
  EXPECT_TRUE(Await([this] {
    for (const char* host : {kFlooder, kOther, "127.0.0.4", "127.0.0.5"}) Connect(host);
    return CountReset() > 0;
  }));
  for (int i = 0; i < 64; ++i) {
    const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EXPECT_GE(file, 0);
    sockets_.push_back(file);
  }
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace marginalia
