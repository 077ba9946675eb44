#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace marginalia {
namespace {

std::string HeaderLines(const HttpClient::Headers& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) absl::StrAppend(&lines, name, ": ", value, "\r\n");
  return lines;
}

ServerSentEvent ParseEvent(std::string_view block) {
  ServerSentEvent event;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find('\n'), block.size());
    std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + 1, block.size()));
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    const std::string_view name = line.substr(0, colon);
    if (name == "id") event.id = value;
    if (name == "event") event.event = value;
    if (name == "data") event.data += value;
  }
  return event;
}

}  // namespace

HttpClient::HttpClient(std::string address, std::chrono::milliseconds timeout)
    : address_(std::move(address)), timeout_(timeout) {}

HttpClient::~HttpClient() { Close(); }

void HttpClient::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  received_.clear();
  stream_bytes_.clear();
}

bool HttpClient::Connect() {
  if (fd_ >= 0) return true;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address_.substr(address_.rfind(':') + 1))));
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{.tv_sec = static_cast<time_t>(timeout_.count() / 1000),
                      .tv_usec = static_cast<suseconds_t>(timeout_.count() % 1000 * 1000)};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return true;
  Close();
  return false;
}

HttpAnswer HttpClient::SendRaw(std::string_view bytes) {
  // A kept connection that the server has closed meanwhile is no answer: once more on a new one.
  for (const bool kept : {fd_ >= 0, false}) {
    if (!Connect()) return {};
    HttpAnswer answer;
    if (send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size())) {
      answer = ReadHead();
    }
    if (answer.status != 0) {
      ReadBody(answer);
      return answer;
    }
    Close();
    if (!kept) break;
  }
  return {};
}

HttpAnswer HttpClient::Get(std::string_view path, const Headers& headers) {
  return SendRaw(absl::StrCat("GET ", std::string(path), " HTTP/1.1\r\nHost: ", address_, "\r\n",
                              HeaderLines(headers), "\r\n"));
}

HttpAnswer HttpClient::Post(std::string_view path, std::string_view json, const Headers& headers) {
  return SendRaw(absl::StrCat("POST ", std::string(path), " HTTP/1.1\r\nHost: ", address_,
                              "\r\nContent-Type: application/json\r\nContent-Length: ", json.size(),
                              "\r\n", HeaderLines(headers), "\r\n", std::string(json)));
}

HttpAnswer HttpClient::OpenStream(std::string_view path, const Headers& headers) {
  Close();
  if (!Connect()) return {};
  const std::string request =
      absl::StrCat("GET ", std::string(path), " HTTP/1.1\r\nHost: ", address_,
                   "\r\nAccept: text/event-stream\r\n", HeaderLines(headers), "\r\n");
  if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  HttpAnswer answer = ReadHead();
  chunked_ = answer.headers["transfer-encoding"] == "chunked";
  if (answer.status != 200) ReadBody(answer);
  return answer;
}

std::optional<ServerSentEvent> HttpClient::NextEvent() {
  while (true) {
    const std::size_t end = stream_bytes_.find("\n\n");
    if (end != std::string::npos) {
      ServerSentEvent event = ParseEvent(stream_bytes_.substr(0, end));
      stream_bytes_.erase(0, end + 2);
      if (!event.id.empty() || !event.event.empty() || !event.data.empty()) return event;
      continue;
    }
    if (chunked_) {
      if (!ReadChunk(stream_bytes_)) return std::nullopt;
    } else {
      if (received_.empty() && !Fill()) return std::nullopt;
      stream_bytes_ += std::exchange(received_, {});
    }
  }
}

bool HttpClient::Fill() {
  char bytes[16 * 1024];
  ssize_t count;
  // A process that was stopped and goes on is told so (signal(7)).
  do {
    count = fd_ < 0 ? -1 : recv(fd_, bytes, sizeof bytes, 0);
  } while (count < 0 && fd_ >= 0 && errno == EINTR);
  if (count <= 0) return false;
  received_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> HttpClient::ReadLine() {
  std::size_t end;
  while ((end = received_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 2);
  return line;
}

bool HttpClient::ReadExactly(std::size_t count, std::string& into) {
  while (received_.size() < count) {
    if (!Fill()) return false;
  }
  into.append(received_, 0, count);
  received_.erase(0, count);
  return true;
}

bool HttpClient::ReadChunk(std::string& into) {
  const std::optional<std::string> size = ReadLine();
  if (!size.has_value() || size->empty()) return false;
  const std::size_t count = std::stoul(*size, nullptr, 16);
  if (count == 0) return false;
  return ReadExactly(count, into) && ReadLine().has_value();
}

HttpAnswer HttpClient::ReadHead() {
  HttpAnswer answer;
  std::optional<std::string> line = ReadLine();
  if (!line.has_value() || line->size() < 12) return {};
  answer.status = std::stoi(line->substr(9, 3));
  while ((line = ReadLine()).has_value() && !line->empty()) {
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos) return {};
    answer.headers[absl::AsciiStrToLower(line->substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line->substr(colon + 1)));
  }
  return line.has_value() ? answer : HttpAnswer{};
}

void HttpClient::ReadBody(HttpAnswer& answer) {
  if (answer.headers["transfer-encoding"] == "chunked") {
    while (ReadChunk(answer.body)) {
    }
    ReadLine();
  } else if (answer.headers.contains("content-length")) {
    ReadExactly(std::stoul(answer.headers["content-length"]), answer.body);
  }
  if (answer.headers["connection"] == "close") Close();
}

}  // namespace marginalia
