// One connection of a client: reads a request, hands it on, sends the answer, and so on; or keeps
// one answer open as a stream. Only one request is in flight at a time; what a client sends ahead
// waits. Owned by its pending operations. Used on the io thread, but for Answer.
#ifndef MARGINALIA_GATEWAY_HTTP_CONNECTION_H_
#define MARGINALIA_GATEWAY_HTTP_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/http/message.h"
#include "gateway/http/parser.h"
#include "gateway/http/transport.h"

namespace marginalia {

// How long a client may take, in the steady clock of the io thread.
struct HttpTimeouts {
  // From the first byte of a request to its last; and for the handshake of TLS.
  std::chrono::nanoseconds request_read_max;
  // Between two requests.
  std::chrono::nanoseconds idle_max;
  // While the client takes nothing of what is sent to it; one that takes too little uses it up in
  // the course of time.
  std::chrono::nanoseconds write_stall_max;
};

class HttpConnection : public HttpExchange,
                       public OutputStream,
                       public std::enable_shared_from_this<HttpConnection> {
 public:
  using Clock = std::chrono::steady_clock;

  // What all connections of a server share.
  struct Shared {
    HttpHandler& handler;
    const HttpTimeouts timeouts;
    const std::size_t incomplete_bodies_bytes_max;
    // The value of the header Date.
    std::string date;
    // No connection carries another request.
    bool draining = false;
    std::size_t incomplete_bodies_bytes = 0;
    // Called once for each connection, when it has closed.
    absl::AnyInvocable<void(HttpConnection*)> closed;
  };

  // Without a context: plain text.
  HttpConnection(HttpSocket socket, boost::asio::ssl::context* tls, Shared& shared);

  void Start();
  // Closes when what it is waiting for has taken too long.
  void CheckDeadline(Clock::time_point now);
  // Closes when it carries no request and no stream.
  void CloseIfIdle();
  // Whether it carries a request or a stream.
  bool busy() const;

  const HttpRequest& request() const override { return parser_.request(); }
  std::string peer_host() const override;
  void Answer(HttpResponse response) override;
  std::shared_ptr<OutputStream> Stream(HttpResponse head, StreamEvents events) override;

  void Write(std::shared_ptr<const std::string> bytes) override;
  std::size_t pending_bytes() const override { return pending_bytes_; }
  void End() override;
  void Abort() override { Close(); }

 private:
  enum class Phase {
    kHandshaking,
    kIdle,
    kReading,
    kHandling,
    kWriting,
    kStreaming,
    kLingering,
    kClosed
  };

  void Enter(Phase phase);
  void ExtendByWhatWasTaken(Clock::time_point now);
  void ShakeHands();
  void ReadMore();
  void HaveRead(const boost::system::error_code& error);
  void ReadAhead();
  bool HasRoomForBody();
  void LetGoOfBody();
  void Refuse(int status, std::string_view reason, std::string_view detail);
  void SendContinue();
  void Send(HttpResponse response);
  void DropBody();
  void AppendHead(const HttpResponse& response, bool streamed);
  void AnswerWritten();
  void WriteQueued();
  void StreamWritten();
  void AwaitGoodbye();
  void Linger();
  void Discard();
  void Close();

  HttpTransport transport_;
  Shared& shared_;
  Phase phase_ = Phase::kIdle;
  Clock::time_point deadline_;
  // When it was last looked at.
  std::uint64_t acknowledged_bytes_ = 0;
  RequestParser parser_;
  // Read and not yet parsed.
  std::string input_;
  // Its share of Shared::incomplete_bodies_bytes.
  std::size_t incomplete_body_bytes_ = 0;
  // The head and the body of the answer being sent.
  std::string head_;
  HttpResponse response_;
  // Of a stream: what is being sent, and what waits.
  StreamEvents stream_events_;
  std::vector<std::shared_ptr<const std::string>> sending_;
  std::vector<std::shared_ptr<const std::string>> queued_;
  std::size_t pending_bytes_ = 0;
  std::size_t discarded_bytes_ = 0;
  bool stream_ends_ = false;
  bool read_pending_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_CONNECTION_H_
