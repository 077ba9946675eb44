// How the bytes of one connection travel: as they are, or in TLS. Only what carries connections
// includes it. Used on the io thread; its handlers keep its owner alive.
#ifndef MARGINALIA_GATEWAY_HTTP_TRANSPORT_H_
#define MARGINALIA_GATEWAY_HTTP_TRANSPORT_H_

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <memory>
#include <utility>

namespace marginalia {

// Asio's default executor costs a virtual call for each operation.
using HttpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class HttpTransport {
 public:
  // Without a context: plain text.
  HttpTransport(HttpSocket socket, boost::asio::ssl::context* context)
      : socket_(std::move(socket)),
        tls_(context == nullptr ? nullptr : std::make_unique<Tls>(socket_, *context)) {}
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  HttpSocket& socket() { return socket_; }
  const HttpSocket& socket() const { return socket_; }
  bool encrypted() const { return tls_ != nullptr; }

  // Comes first where it is encrypted. handler(error).
  template <typename Handler>
  void Handshake(Handler handler) {
    tls_->stream.async_handshake(boost::asio::ssl::stream_base::server, std::move(handler));
  }

  // handler(error, count).
  template <typename Handler>
  void ReadSome(boost::asio::mutable_buffer buffer, Handler handler) {
    if (tls_ == nullptr || tls_->said_goodbye) {
      socket_.async_read_some(buffer, std::move(handler));
    } else {
      tls_->stream.async_read_some(buffer, std::move(handler));
    }
  }

  // Writes all of it. handler(error, count).
  template <typename Buffers, typename Handler>
  void Write(const Buffers& buffers, Handler handler) {
    if (tls_ == nullptr) {
      boost::asio::async_write(socket_, buffers, std::move(handler));
    } else {
      boost::asio::async_write(tls_->stream, buffers, std::move(handler));
    }
  }

  // Waits for something to arrive, and throws away what does. handler(error, count).
  template <typename Handler>
  void Skip(Handler handler) {
    if (tls_ != nullptr) return ReadSome(boost::asio::buffer(tls_->skipped), std::move(handler));
    // A plain connection needs no memory while it waits.
    socket_.async_wait(HttpSocket::wait_read, [this, handler = std::move(handler)](
                                                  boost::system::error_code error) mutable {
      std::array<char, kSkipBytes> skipped;
      std::size_t count = 0;
      if (!error) count = socket_.read_some(boost::asio::buffer(skipped), error);
      handler(error, count);
    });
  }

  // Tells the peer that nothing follows; what it still sends can be read, as it comes. Never waits.
  // Only while nothing is being written.
  void SayGoodbye() {
    boost::system::error_code ignored;
    EndTls();
    socket_.shutdown(HttpSocket::shutdown_send, ignored);
  }

  // Closes at once. `in_order`: nothing is being written, so that the peer can be told that what it
  // has is whole.
  void Close(bool in_order) {
    boost::system::error_code ignored;
    if (in_order) EndTls();
    socket_.close(ignored);
  }

 private:
  static constexpr std::size_t kSkipBytes = 512;

  struct Tls {
    Tls(HttpSocket& socket, boost::asio::ssl::context& context) : stream(socket, context) {}
    boost::asio::ssl::stream<HttpSocket&> stream;
    std::array<char, kSkipBytes> skipped;
    bool said_goodbye = false;
  };

  // Sends what ends the TLS connection, as far as the kernel takes it, and leaves the peer's answer
  // to it unread.
  void EndTls() {
    if (tls_ == nullptr || std::exchange(tls_->said_goodbye, true)) return;
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    tls_->stream.shutdown(ignored);
  }

  HttpSocket socket_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_TRANSPORT_H_
