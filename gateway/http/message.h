// A request and a response of HTTP as plain values, and how the two meet. Free of Boost, so that
// what handles requests compiles without it.
#ifndef MARGINALIA_GATEWAY_HTTP_MESSAGE_H_
#define MARGINALIA_GATEWAY_HTTP_MESSAGE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace marginalia {

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// A request as its connection read it. The views point into `head`; all of it lives until the
// request has been answered.
struct HttpRequest {
  HttpRequest() = default;
  HttpRequest(const HttpRequest&) = delete;
  HttpRequest& operator=(const HttpRequest&) = delete;

  // The first header of that name, whatever its case; empty when there is none.
  std::string_view Header(std::string_view name) const;
  // Whether it only asks for something.
  bool is_read() const { return method == "GET" || method == "HEAD"; }

  std::string head;
  std::string_view method;
  std::string_view target;
  std::vector<HeaderField> headers;
  std::string body;
  // Whether it came over TLS that ends here.
  bool encrypted = false;
};

// How a body is coded on its way (http/content_coding.h).
enum class ContentCoding { kIdentity, kGzip, kBrotli };

struct HttpResponse {
  int status = 200;
  // A literal; empty: no Content-Type, for an answer that has no body.
  std::string_view content_type;
  // Whole lines, each with its CR LF. Never put anything unchecked into one.
  std::string headers;
  // The entity tag, quotes included, of what the body says in whatever coding; empty: none. The
  // gate sends it as the tag of the coding.
  std::string tag;
  std::string body;
  // Of the body as it stands there.
  ContentCoding coding = ContentCoding::kIdentity;
  // What a large body takes of the gate's room for such, until it is gone.
  std::shared_ptr<void> room;
  // Whether the connection ends with this answer.
  bool close = false;
};

// "Not Found" for 404.
std::string_view StatusPhrase(int status);

// The open body of a streamed answer. Used on the io thread only.
class OutputStream {
 public:
  virtual ~OutputStream() = default;
  // Queues the bytes; the caller keeps pending_bytes() within bounds. After End nothing more is
  // sent.
  virtual void Write(std::shared_ptr<const std::string> bytes) = 0;
  // What the peer has not taken yet.
  virtual std::size_t pending_bytes() const = 0;
  // Closes once all that was written has been taken, or at once.
  virtual void End() = 0;
  virtual void Abort() = 0;
};

// What a stream tells its writer, on the io thread.
struct StreamEvents {
  // All that was written has been taken.
  absl::AnyInvocable<void()> drained;
  // The stream is over, by whichever side. Called once, last.
  absl::AnyInvocable<void()> closed;
  // A peer that takes nothing of what is sent to it for so long has vanished; nothing: as long as
  // with any other answer.
  std::optional<absl::Duration> vanished_after;
};

// One request and the way to answer it: exactly one of Answer and Stream, once.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual const HttpRequest& request() const = 0;
  // Where the connection comes from (services/net/peer_name.h).
  virtual std::string peer_host() const = 0;
  // From any thread.
  virtual void Answer(HttpResponse response) = 0;
  // On the io thread. Sends the head and leaves the body open; the request is gone afterwards.
  virtual std::shared_ptr<OutputStream> Stream(HttpResponse head, StreamEvents events) = 0;
};

// What a server does with what it reads. Called on the io thread.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void Handle(std::shared_ptr<HttpExchange> exchange) = 0;
  // The answer to bytes that make no acceptable request, with which the connection ends. `request`
  // has what was understood of it.
  virtual HttpResponse Refuse(const HttpRequest& request, int status, std::string_view reason,
                              std::string_view detail) = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_MESSAGE_H_
