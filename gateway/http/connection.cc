#include "gateway/http/connection.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <charconv>
#include <cstring>
#include <utility>

#include "gateway/http/acknowledged_bytes.h"
#include "services/net/peer_name.h"

namespace marginalia {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 2 * 1024;
// After an answer that ends the connection early, what the client still sends is read and thrown
// away for this long and up to so much: closing at once would make its kernel throw the answer
// away.
constexpr std::chrono::seconds kLingerMax{2};
constexpr std::size_t kDiscardedBytesMax = 256 * 1024;
// Who takes less than this on the whole is cut off, however steadily it does.
constexpr std::uint64_t kTakenBytesPerSecondMin = 16 * 1024;
// What a stream's client may send after its request; it has nothing to say.
constexpr std::size_t kStreamInputBytesMax = 8 * 1024;
// A stream that is not read holds this much in the kernel and no more.
constexpr int kStreamSendBufferBytes = 64 * 1024;

// A peer that vanished is noticed after this by what was sent to it.
using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
constexpr int kUnacknowledgedMs = 60'000;

// A browser that was here over HTTPS comes back over nothing else for a year (RFC 6797). Of this
// host alone: what is beneath it may be another's.
constexpr std::string_view kOnlyHttps = "\r\nStrict-Transport-Security: max-age=31536000";

void AppendNumber(std::string& text, std::size_t number) {
  char digits[20];
  text.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

std::chrono::microseconds TimeToTake(std::uint64_t bytes) {
  return std::chrono::microseconds(bytes * 1'000'000 / kTakenBytesPerSecondMin);
}

// A 304 describes an answer that it does not carry.
bool HasLength(int status) { return status != 304; }

}  // namespace

HttpConnection::HttpConnection(HttpSocket socket, asio::ssl::context* tls, Shared& shared)
    : transport_(std::move(socket), tls), shared_(shared), parser_(transport_.encrypted()) {}

std::string HttpConnection::peer_host() const {
  error_code error;
  const auto peer = transport_.socket().remote_endpoint(error);
  sockaddr_storage address{};
  if (!error) std::memcpy(&address, peer.data(), peer.size());
  return HostOf(PeerName(address));
}

void HttpConnection::Start() {
  error_code ignored;
  transport_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  transport_.socket().set_option(UserTimeout(kUnacknowledgedMs), ignored);
  if (transport_.encrypted()) return ShakeHands();
  Enter(Phase::kIdle);
  ReadMore();
}

void HttpConnection::ShakeHands() {
  Enter(Phase::kHandshaking);
  transport_.Handshake([self = shared_from_this()](const error_code& error) {
    if (self->phase_ != Phase::kHandshaking) return;
    if (error) return self->Close();
    self->Enter(Phase::kIdle);
    self->ReadMore();
  });
}

bool HttpConnection::busy() const {
  return phase_ == Phase::kReading || phase_ == Phase::kHandling || phase_ == Phase::kWriting ||
         phase_ == Phase::kStreaming;
}

void HttpConnection::Enter(Phase phase) {
  phase_ = phase;
  switch (phase) {
    case Phase::kIdle:
      deadline_ = Clock::now() + shared_.timeouts.idle_max;
      break;
    case Phase::kHandshaking:
    case Phase::kReading:
      deadline_ = Clock::now() + shared_.timeouts.request_read_max;
      break;
    case Phase::kWriting:
      deadline_ = Clock::now() + shared_.timeouts.write_stall_max;
      break;
    case Phase::kLingering:
      deadline_ = Clock::now() + kLingerMax;
      break;
    case Phase::kHandling:
    case Phase::kStreaming:
    case Phase::kClosed:
      deadline_ = Clock::time_point::max();
      break;
  }
}

void HttpConnection::CheckDeadline(Clock::time_point now) {
  if (phase_ == Phase::kWriting || !sending_.empty()) ExtendByWhatWasTaken(now);
  if (now < deadline_) return;
  if (phase_ == Phase::kReading) {
    Refuse(408, "REQUEST_TOO_SLOW", "the request did not arrive in time");
  } else {
    Close();
  }
}

// Each byte is worth its time at the least rate, and nobody has more than write_stall_max from now.
// What was taken of an answer before is within that.
void HttpConnection::ExtendByWhatWasTaken(Clock::time_point now) {
  const std::uint64_t acknowledged = AcknowledgedBytes(transport_.socket().native_handle());
  const std::uint64_t taken = acknowledged - std::exchange(acknowledged_bytes_, acknowledged);
  deadline_ = std::min(deadline_ + TimeToTake(taken), now + shared_.timeouts.write_stall_max);
}

void HttpConnection::CloseIfIdle() {
  if (phase_ == Phase::kIdle || phase_ == Phase::kHandshaking) Close();
}

void HttpConnection::ReadMore() {
  const std::size_t had = input_.size();
  input_.resize(had + kReadBytes);
  read_pending_ = true;
  transport_.ReadSome(asio::buffer(input_.data() + had, kReadBytes),
                      [self = shared_from_this(), had](const error_code& error, std::size_t count) {
                        self->read_pending_ = false;
                        self->input_.resize(had + count);
                        self->HaveRead(error);
                      });
}

void HttpConnection::HaveRead(const error_code& error) {
  switch (phase_) {
    case Phase::kIdle:
    case Phase::kReading:
      return error ? Close() : ReadAhead();
    case Phase::kLingering:
      discarded_bytes_ += input_.size();
      return error || discarded_bytes_ > kDiscardedBytesMax ? Close() : Discard();
    default:
      // A request that came too slowly is being refused.
      return;
  }
}

void HttpConnection::ReadAhead() {
  if (phase_ == Phase::kIdle) Enter(Phase::kReading);
  std::string_view rest = input_;
  const RequestParser::Progress progress = parser_.Read(rest);
  input_.erase(0, input_.size() - rest.size());
  switch (progress) {
    case RequestParser::Progress::kNeedsMore:
      if (!HasRoomForBody()) {
        return Refuse(503, "TOO_MANY_BODIES", "too many large bodies are on their way; try again");
      }
      if (parser_.TakeExpectsContinue()) return SendContinue();
      return ReadMore();
    case RequestParser::Progress::kRefused:
      return Refuse(parser_.refusal().status, parser_.refusal().reason, parser_.refusal().detail);
    case RequestParser::Progress::kDone:
      LetGoOfBody();
      Enter(Phase::kHandling);
      return shared_.handler.Handle(shared_from_this());
  }
}

bool HttpConnection::HasRoomForBody() {
  const std::size_t bytes = parser_.request().body.size();
  if (bytes <= kSmallBodyBytesMax) return true;
  const std::size_t of_others = shared_.incomplete_bodies_bytes - incomplete_body_bytes_;
  if (of_others + bytes > shared_.incomplete_bodies_bytes_max) return false;
  shared_.incomplete_bodies_bytes = of_others + bytes;
  incomplete_body_bytes_ = bytes;
  return true;
}

void HttpConnection::LetGoOfBody() {
  shared_.incomplete_bodies_bytes -= std::exchange(incomplete_body_bytes_, 0);
}

void HttpConnection::SendContinue() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  transport_.Write(asio::buffer(kContinue.data(), kContinue.size()),
                   [self = shared_from_this()](const error_code& error, std::size_t) {
                     if (self->phase_ != Phase::kReading) return;
                     if (error) return self->Close();
                     self->ReadMore();
                   });
}

void HttpConnection::Refuse(int status, std::string_view reason, std::string_view detail) {
  HttpResponse response = shared_.handler.Refuse(parser_.request(), status, reason, detail);
  response.close = true;
  Send(std::move(response));
}

void HttpConnection::Answer(HttpResponse response) {
  asio::dispatch(transport_.socket().get_executor(),
                 [self = shared_from_this(), response = std::move(response)]() mutable {
                   if (self->phase_ == Phase::kHandling) self->Send(std::move(response));
                 });
}

void HttpConnection::Send(HttpResponse response) {
  response.close = response.close || !parser_.keep_alive() || shared_.draining;
  AppendHead(response, /*streamed=*/false);
  if (parser_.request().method == "HEAD") response.body.clear();
  response_ = std::move(response);
  Enter(Phase::kWriting);
  const std::array<asio::const_buffer, 2> whole = {asio::buffer(head_),
                                                   asio::buffer(response_.body)};
  transport_.Write(whole, [self = shared_from_this()](const error_code& error, std::size_t) {
    if (self->phase_ != Phase::kWriting) return;
    if (error) return self->Close();
    self->AnswerWritten();
  });
}

void HttpConnection::DropBody() {
  std::string().swap(response_.body);
  response_.room.reset();
}

void HttpConnection::AppendHead(const HttpResponse& response, bool streamed) {
  head_.assign("HTTP/1.1 ");
  AppendNumber(head_, static_cast<std::size_t>(response.status));
  head_ += ' ';
  head_ += StatusPhrase(response.status);
  head_ += "\r\nDate: ";
  head_ += shared_.date;
  if (!response.content_type.empty()) {
    head_ += "\r\nContent-Type: ";
    head_ += response.content_type;
  }
  if (!streamed && HasLength(response.status)) {
    head_ += "\r\nContent-Length: ";
    AppendNumber(head_, response.body.size());
  }
  if (streamed || response.close) head_ += "\r\nConnection: close";
  if (transport_.encrypted()) head_ += kOnlyHttps;
  head_ += "\r\n";
  head_ += response.headers;
  head_ += "\r\n";
}

void HttpConnection::AnswerWritten() {
  DropBody();
  if (response_.close) return Linger();
  parser_.Reset();
  Enter(Phase::kIdle);
  if (shared_.draining) return Close();
  if (input_.empty()) return ReadMore();
  ReadAhead();
}

std::shared_ptr<OutputStream> HttpConnection::Stream(HttpResponse head, StreamEvents events) {
  const std::shared_ptr<OutputStream> output(shared_from_this(), this);
  if (phase_ != Phase::kHandling) {
    asio::post(transport_.socket().get_executor(),
               [closed = std::move(events.closed)]() mutable { closed(); });
    return output;
  }
  error_code ignored;
  transport_.socket().set_option(asio::socket_base::send_buffer_size(kStreamSendBufferBytes),
                                 ignored);
  if (events.vanished_after.has_value()) {
    transport_.socket().set_option(
        UserTimeout(static_cast<int>(absl::ToInt64Milliseconds(*events.vanished_after))), ignored);
  }
  stream_events_ = std::move(events);
  AppendHead(head, /*streamed=*/true);
  const bool without_body = parser_.request().method == "HEAD";
  parser_.Release();
  std::string().swap(input_);
  Enter(Phase::kStreaming);
  Write(std::make_shared<const std::string>(std::exchange(head_, {})));
  stream_ends_ = without_body;
  AwaitGoodbye();
  return output;
}

void HttpConnection::Write(std::shared_ptr<const std::string> bytes) {
  if (phase_ != Phase::kStreaming || stream_ends_) return;
  pending_bytes_ += bytes->size();
  queued_.push_back(std::move(bytes));
  if (!sending_.empty()) return;
  deadline_ = Clock::now() + shared_.timeouts.write_stall_max;
  WriteQueued();
}

void HttpConnection::WriteQueued() {
  sending_.swap(queued_);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(sending_.size());
  for (const auto& bytes : sending_) buffers.push_back(asio::buffer(*bytes));
  transport_.Write(buffers, [self = shared_from_this()](const error_code& error, std::size_t) {
    if (self->phase_ != Phase::kStreaming) return;
    if (error) return self->Close();
    self->StreamWritten();
  });
}

void HttpConnection::StreamWritten() {
  for (const auto& bytes : sending_) pending_bytes_ -= bytes->size();
  sending_.clear();
  if (!queued_.empty()) return WriteQueued();
  deadline_ = Clock::time_point::max();
  if (stream_ends_) return Close();
  if (stream_events_.drained) stream_events_.drained();
}

void HttpConnection::End() {
  if (phase_ != Phase::kStreaming) return;
  stream_ends_ = true;
  if (sending_.empty()) Close();
}

// A client that leaves is noticed by what it sends: its end.
void HttpConnection::AwaitGoodbye() {
  transport_.Skip([self = shared_from_this()](const error_code& error, std::size_t count) {
    if (self->phase_ != Phase::kStreaming) return;
    self->discarded_bytes_ += count;
    if (error || self->discarded_bytes_ > kStreamInputBytesMax) return self->Close();
    self->AwaitGoodbye();
  });
}

void HttpConnection::Linger() {
  transport_.SayGoodbye();
  parser_.Release();
  LetGoOfBody();
  Enter(Phase::kLingering);
  if (!read_pending_) Discard();
}

void HttpConnection::Discard() {
  input_.clear();
  ReadMore();
}

void HttpConnection::Close() {
  if (phase_ == Phase::kClosed) return;
  const bool streamed = phase_ == Phase::kStreaming;
  const bool in_order = phase_ == Phase::kIdle || (streamed && sending_.empty());
  Enter(Phase::kClosed);
  DropBody();
  LetGoOfBody();
  transport_.Close(in_order);
  // The writer of the stream may let go of it from within.
  const auto self = shared_from_this();
  StreamEvents events = std::move(stream_events_);
  if (streamed && events.closed) events.closed();
  shared_.closed(this);
}

}  // namespace marginalia
