// A client that floods the gateway with tokens that nobody signed: it sends one request after the
// other over each of its connections until it ends, each with another signature behind the claims
// of a good token. On a thread of its own; the counts may be read from any.
#ifndef MARGINALIA_TESTS_SUPPORT_TOKEN_FLOOD_H_
#define MARGINALIA_TESTS_SUPPORT_TOKEN_FLOOD_H_

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>

namespace marginalia {

class TokenFlood {
 public:
  // `address` is 127.0.0.1:port, `token` a good one; `from` the loopback address, which is a host
  // to the gateway, that it comes from.
  TokenFlood(const std::string& address, const std::string& token, std::size_t connections,
             std::string from = "127.0.0.1");
  // Ends it.
  ~TokenFlood();
  TokenFlood(const TokenFlood&) = delete;
  TokenFlood& operator=(const TokenFlood&) = delete;

  // Requests that were sent and answered.
  int sent() const { return sent_; }
  int answered() const { return answered_; }

 private:
  void Run();
  void Send(int fd);

  const std::string unsigned_;
  const int port_;
  const std::string from_;
  const std::size_t connections_;
  std::atomic<int> sent_ = 0;
  std::atomic<int> answered_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_TOKEN_FLOOD_H_
