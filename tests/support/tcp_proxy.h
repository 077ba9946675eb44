// A TCP relay on loopback between two processes under test: its port stays while the process behind
// it comes and goes, and the test can hold the traffic back or cut it. Thread-safe.
#ifndef MARGINALIA_TESTS_SUPPORT_TCP_PROXY_H_
#define MARGINALIA_TESTS_SUPPORT_TCP_PROXY_H_

#include <memory>
#include <string>

namespace marginalia {

class TcpProxy {
 public:
  TcpProxy();
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  // 127.0.0.1:port, fixed for the proxy's life.
  const std::string& address() const { return address_; }

  // Where new connections lead: 127.0.0.1:port, or the path of a unix socket. Without a target they
  // are closed at once.
  void LeadTo(const std::string& address);

  // Bytes stay where they are, in both directions, until Resume.
  void Hold();
  // The same for what the server says: it hears its clients, and they do not hear it.
  void HoldAnswers();
  void Resume();

  // Closes every connection and refuses new ones until LeadTo is called again.
  void Cut();

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string address_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_TCP_PROXY_H_
