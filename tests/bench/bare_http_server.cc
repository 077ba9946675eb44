// The limit for the gateway: a Beast server on one thread that answers every request with the same
// head and body, having looked at nothing.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace marginalia::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Answer = http::response<http::span_body<const char>>;

// Lives for as long as one of its operations is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Answer& answer) : socket_(std::move(socket)), answer_(answer) {
    socket_.set_option(tcp::no_delay(true));
  }

  void Read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->Write();
                     });
  }

 private:
  void Write() {
    http::async_write(socket_, answer_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (!error) self->Read();
                      });
  }

  tcp::socket socket_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  Answer& answer_;
};

void Accept(tcp::acceptor& acceptor, Answer& answer) {
  acceptor.async_accept([&](beast::error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket), answer)->Read();
    Accept(acceptor, answer);
  });
}

int Serve(const char* answer_path) {
  std::ifstream file(answer_path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  // A 304 tells the length of a body that does not follow.
  parser.skip(text.find(" 304 ") < text.find('\r'));
  beast::error_code error;
  parser.put(asio::buffer(text), error);
  if (error || !parser.is_done()) {
    std::fprintf(stderr, "%s holds no HTTP answer: %s\n", answer_path, error.message().c_str());
    return 1;
  }
  const std::string body = parser.get().body();
  Answer answer(http::response_header<>(parser.get().base()));
  answer.body() = beast::span<const char>(body.data(), body.size());

  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Accept(acceptor, answer);
  std::fprintf(stderr,
               R"({"message":"listening","address":"127.0.0.1:%d"})"
               "\n",
               acceptor.local_endpoint().port());
  context.run();
  return 0;
}

}  // namespace
}  // namespace marginalia::bench

int main(int argc, char** argv) {
  if (argc == 2) return marginalia::bench::Serve(argv[1]);
  std::fputs("usage: bare_http_server FILE-WITH-THE-ANSWER\n", stderr);
  return 2;
}
