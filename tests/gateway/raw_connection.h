// A TCP connection to the server under test that sends whatever bytes it is told to. Used by one
// thread.
#ifndef MARGINALIA_TESTS_GATEWAY_RAW_CONNECTION_H_
#define MARGINALIA_TESTS_GATEWAY_RAW_CONNECTION_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace marginalia {

class RawConnection {
 public:
  // `receive_buffer_bytes` of 0: as the system has it. `from` is an address of the loopback
  // network, each of which the server takes for a host of its own.
  explicit RawConnection(const std::string& address, int receive_buffer_bytes = 0,
                         const char* from = nullptr);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // Of this end.
  int port() const;
  // False when the server does not take it in time.
  bool Send(std::string_view bytes);
  // Nothing more will be sent.
  void EndSending();
  // Throws away what has come, without waiting for more.
  void Ignore();
  // What has come, without waiting for more.
  std::string TakeReceived();
  // At most so much of that.
  std::string TakeReceived(std::size_t bytes_max);
  // Everything up to the end of the connection; fails the test when that does not come in time.
  std::string ReadToEnd();
  // Reads until `text` has come, and returns all that came. Empty when it did not.
  std::string ReadUntil(std::string_view text);
  // Whether the server has ended the connection by then; reads nothing away.
  bool AwaitEnd();
  // The same, without waiting.
  bool HasEnded();

 private:
  int socket_;
  std::string received_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_GATEWAY_RAW_CONNECTION_H_
