// A small blocking HTTP/1.1 client for tests: one connection, requests one after the other, answers
// whole, and the lines of a server-sent event stream. Used by one thread at a time.
#ifndef MARGINALIA_TESTS_SUPPORT_HTTP_CLIENT_H_
#define MARGINALIA_TESTS_SUPPORT_HTTP_CLIENT_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace marginalia {

struct HttpAnswer {
  // 0: no answer came (refused, closed or timed out).
  int status = 0;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

struct ServerSentEvent {
  std::string id;
  std::string event;
  std::string data;
};

class HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // `address` is 127.0.0.1:port. Connects when first needed, and again after the server has closed.
  explicit HttpClient(std::string address,
                      std::chrono::milliseconds timeout = std::chrono::seconds(15));
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpAnswer Get(std::string_view path, const Headers& headers = {});
  HttpAnswer Post(std::string_view path, std::string_view json, const Headers& headers = {});

  // Opens an event stream; the answer has no body yet. Read it with NextEvent.
  HttpAnswer OpenStream(std::string_view path, const Headers& headers = {});
  // The next event, comments skipped; nothing when the stream has ended or the timeout has passed.
  std::optional<ServerSentEvent> NextEvent();

  // Sends the bytes as they are and reads one answer.
  HttpAnswer SendRaw(std::string_view bytes);

  void Close();

 private:
  bool Connect();
  bool Fill();
  HttpAnswer ReadHead();
  void ReadBody(HttpAnswer& answer);
  std::optional<std::string> ReadLine();
  bool ReadExactly(std::size_t count, std::string& into);
  bool ReadChunk(std::string& into);

  std::string address_;
  std::chrono::milliseconds timeout_;
  int fd_ = -1;
  std::string received_;      // not yet consumed
  bool chunked_ = false;      // the open stream's framing
  std::string stream_bytes_;  // of the stream, not yet a whole event
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_HTTP_CLIENT_H_
