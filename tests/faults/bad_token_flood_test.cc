// Many connections send tokens that nobody signed, as fast as they are answered: they are answered
// slowly, and nobody else notices.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/identity/failure_budget.h"
#include "services/process/stopwatch.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

constexpr std::size_t kConnections = 1000;
constexpr int kCalls = 200;

int ConnectToPort(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return -1;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

// Sends one request after the other over each of its connections until it ends, each with another
// signature behind the claims of a good token.
class Flood {
 public:
  Flood(const std::string& address, const std::string& token)
      : unsigned_(token.substr(0, token.size() - 6)),
        port_(std::stoi(address.substr(address.rfind(':') + 1))),
        thread_([this] { Run(); }) {}
  ~Flood() {
    ending_ = true;
    thread_.join();
  }
  // Requests that were sent and answered.
  int sent() const { return sent_; }
  int answered() const { return answered_; }

 private:
  void Run() {
    std::vector<pollfd> connections;
    for (std::size_t i = 0; i < kConnections; ++i) {
      connections.push_back({ConnectToPort(port_), POLLIN, 0});
      Send(connections.back().fd);
    }
    while (!ending_) {
      poll(connections.data(), connections.size(), 100);
      for (pollfd& connection : connections) {
        if (connection.revents == 0) continue;
        char answer[4096];
        const ssize_t count = read(connection.fd, answer, sizeof(answer));
        if (count <= 0) {
          close(connection.fd);
          connection.fd = ConnectToPort(port_);
        } else if (std::string_view(answer, 9) == "HTTP/1.1 ") {
          ++answered_;
        }
        Send(connection.fd);
      }
    }
    for (const pollfd& connection : connections) close(connection.fd);
  }

  void Send(int fd) {
    const std::string request =
        absl::StrCat("GET /api/activity HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ", unsigned_,
                     absl::Hex(++sent_, absl::kZeroPad6), "\r\n\r\n");
    [[maybe_unused]] const ssize_t written = write(fd, request.data(), request.size());
  }

  const std::string unsigned_;
  const int port_;
  std::atomic<int> sent_ = 0;
  std::atomic<int> answered_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

class BadTokenFloodTest : public testing::Test {
 protected:
  // How long calls of somebody whose token is known take, in order.
  std::vector<absl::Duration> Calls() {
    HttpClient client(processes_.gateway().address());
    std::vector<absl::Duration> took;
    for (int i = 0; i < kCalls; ++i) {
      const Stopwatch stopwatch;
      const HttpAnswer answer =
          client.Get("/api/activity", {{"Authorization", "Bearer " + token_}});
      took.push_back(stopwatch.elapsed());
      EXPECT_EQ(answer.status, 200) << answer.body;
    }
    std::sort(took.begin(), took.end());
    return took;
  }

  ThreeProcesses processes_;
  const std::string token_ = processes_.Token("dana", "member");
};

TEST_F(BadTokenFloodTest, WhoeverFloodsIsAnsweredSlowlyAndNobodyElseNotices) {
  const absl::Duration quiet = Calls()[kCalls * 99 / 100];
  const Stopwatch stopwatch;
  Flood flood(processes_.gateway().address(), token_);
  ASSERT_TRUE(Await([&] { return flood.sent() >= static_cast<int>(kConnections); }));
  const absl::Duration beside = Calls()[kCalls * 99 / 100];
  // No more than it may have verified: its burst, and so many a second.
  const double most = kTokenFailuresPerSecond * (2 + absl::ToDoubleSeconds(stopwatch.elapsed()));
  EXPECT_LE(flood.answered(), most);
  RecordProperty("p99_quiet", absl::FormatDuration(quiet));
  RecordProperty("p99_beside", absl::FormatDuration(beside));
  // Somebody new from elsewhere, or even from there, comes to his turn.
  HttpClient client(processes_.gateway().address(), std::chrono::seconds(60));
  const std::string priya = processes_.Token("priya", "member");
  EXPECT_EQ(client.Get("/api/activity", {{"Authorization", "Bearer " + priya}}).status, 200);
}

}  // namespace
}  // namespace marginalia
