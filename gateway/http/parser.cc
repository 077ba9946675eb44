#include "gateway/http/parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace marginalia {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::string_view kEndOfHead = "\r\n\r\n";
// An idle connection keeps buffers of this size only.
constexpr std::size_t kBufferBytesKept = 2 * 1024;
constexpr std::size_t kHeadersKept = 64;
// A chunked body ends with "0", an empty line and nothing shorter. Boost.Beast 1.81 aborts when it
// sees fewer bytes of the last chunk twice.
constexpr std::size_t kLastChunkBytesMin = 5;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// A line that starts with white space continues the one before it (obs-fold), which Beast would
// silently accept and others read as a header of its own.
bool HasFoldedLine(std::string_view head) {
  for (std::size_t at = head.find('\n'); at + 1 < head.size(); at = head.find('\n', at + 1)) {
    if (head[at + 1] == ' ' || head[at + 1] == '\t') return true;
  }
  return false;
}

// A quoted value of a chunk's extension may hold what others take for the end of the line, and
// Boost.Beast 1.81 itself reads on behind that. Nobody needs one. `chunk` begins with its head, or
// with the line end of the chunk before.
bool HasQuotedExtension(std::string_view chunk) {
  if (chunk.substr(0, 2) == "\r\n") chunk.remove_prefix(2);
  return chunk.substr(0, chunk.find("\r\n")).find('"') != chunk.npos;
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool EqualsIgnoreCase(std::string_view left, std::string_view right) {
  return absl::EqualsIgnoreCase({left.data(), left.size()}, {right.data(), right.size()});
}

// The bytes of a method (RFC 9110, 5.6.2).
bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// What no method begins with can become no request, however much follows. Behind the first byte of
// a TLS client's hello nothing would: it waits for the server.
std::string_view WhyNoRequestBeginsSo(std::string_view bytes) {
  constexpr char kTlsHandshake = 0x16;
  if (bytes.empty() || bytes == "\r" || IsTokenCharacter(bytes.front())) return {};
  return bytes.front() == kTlsHandshake ? "this port speaks HTTP without TLS"
                                        : "a request begins with a method";
}

// How often the headers occur that may be there once at most.
struct SingleHeaders {
  int host = 0;
  int content_length = 0;
  int transfer_encoding = 0;
  int authorization = 0;
  int content_type = 0;
  int last_event_id = 0;

  void Count(http::field name, std::string_view text) {
    switch (name) {
      case http::field::host:
        ++host;
        break;
      case http::field::content_length:
        ++content_length;
        break;
      case http::field::transfer_encoding:
        ++transfer_encoding;
        break;
      case http::field::authorization:
        ++authorization;
        break;
      case http::field::content_type:
        ++content_type;
        break;
      case http::field::unknown:
        if (EqualsIgnoreCase(text, "last-event-id")) ++last_event_id;
        break;
      default:
        break;
    }
  }

  bool repeated() const {
    return host > 1 || content_length > 1 || transfer_encoding > 1 || authorization > 1 ||
           content_type > 1 || last_event_id > 1;
  }
};

}  // namespace

class RequestParser::BeastParser : public http::basic_parser<true> {
 public:
  explicit BeastParser(HttpRequest& request) : request_(request) {
    header_limit(kHeadBytesMax);
    body_limit(kBodyBytesMax);
  }

  const SingleHeaders& singles() const { return singles_; }
  // Whether what comes next is the head of a chunk.
  bool at_chunk() { return chunked() && chunk_left_ == 0; }
  int version() const { return version_; }

 private:
  void on_request_impl(http::verb, boost::beast::string_view method,
                       boost::beast::string_view target, int version, error_code&) override {
    request_.method = View(method);
    request_.target = View(target);
    version_ = version;
  }
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_field_impl(http::field name, boost::beast::string_view text,
                     boost::beast::string_view value, error_code&) override {
    // Trailers of a chunked body come here too: they are nobody's headers.
    if (head_done_) return;
    singles_.Count(name, View(text));
    request_.headers.push_back({View(text), View(value)});
  }
  void on_header_impl(error_code&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view bytes, error_code&) override {
    request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t size, boost::beast::string_view, error_code&) override {
    chunk_left_ = size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view bytes,
                                 error_code&) override {
    chunk_left_ -= bytes.size();
    request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}

  HttpRequest& request_;
  SingleHeaders singles_;
  int version_ = 0;
  bool head_done_ = false;
  // Of the chunk that is being read.
  std::uint64_t chunk_left_ = 0;
};

namespace {

// What is wrong with a head that Beast accepted; status 0: nothing.
BadRequest CheckHead(const HttpRequest& request, const SingleHeaders& singles, int version) {
  constexpr std::string_view kMalformed = "REQUEST_MALFORMED";
  if (request.target.size() > kTargetBytesMax) {
    return {414, "TARGET_TOO_LONG", "the request target must be at most 4 KiB"};
  }
  if (singles.repeated()) {
    return {400, kMalformed, "a header that may be there once is there twice"};
  }
  if (version == 11 && singles.host == 0) {
    return {400, kMalformed, "the header Host is missing"};
  }
  if (singles.content_length == 1 && !IsDigits(request.Header("content-length"))) {
    return {400, kMalformed, "Content-Length must be one number"};
  }
  if (singles.transfer_encoding == 1) {
    if (version != 11 || singles.content_length != 0 ||
        !EqualsIgnoreCase(request.Header("transfer-encoding"), "chunked")) {
      return {400, kMalformed, "Transfer-Encoding must be chunked, without Content-Length"};
    }
  }
  return {0, "", ""};
}

}  // namespace

RequestParser::RequestParser(bool encrypted) : beast_(std::make_unique<BeastParser>(request_)) {
  request_.encrypted = encrypted;
}
RequestParser::~RequestParser() = default;

RequestParser::Progress RequestParser::Read(std::string_view& bytes) {
  if (!head_done_) {
    const Progress progress = ReadHead(bytes);
    if (progress != Progress::kDone || beast_->is_done()) return progress;
  }
  return ReadBody(bytes);
}

RequestParser::Progress RequestParser::ReadHead(std::string_view& bytes) {
  // RFC 9112, 2.2: an empty line in front of the request line is to be ignored.
  while (searched_ == 0 && bytes.substr(0, 2) == "\r\n") bytes.remove_prefix(2);
  if (searched_ == 0) {
    const std::string_view why = WhyNoRequestBeginsSo(bytes);
    if (!why.empty()) return Refuse(400, "REQUEST_MALFORMED", why);
  }
  const std::size_t end = bytes.find(kEndOfHead, searched_);
  if (end == bytes.npos ? bytes.size() >= kHeadBytesMax : end + kEndOfHead.size() > kHeadBytesMax) {
    return bytes.substr(0, kHeadBytesMax).find('\n') == bytes.npos
               ? Refuse(414, "TARGET_TOO_LONG", "the request target must be at most 4 KiB")
               : Refuse(431, "HEADERS_TOO_LARGE", "the headers must be at most 8 KiB together");
  }
  if (end == bytes.npos) {
    searched_ = bytes.size() < kEndOfHead.size() ? 0 : bytes.size() - kEndOfHead.size() + 1;
    return Progress::kNeedsMore;
  }
  request_.head.assign(bytes.substr(0, end + kEndOfHead.size()));
  bytes.remove_prefix(request_.head.size());
  if (HasFoldedLine(request_.head)) {
    return Refuse(400, "REQUEST_MALFORMED", "a header must not continue on a second line");
  }
  error_code error;
  beast_->put(boost::asio::buffer(request_.head), error);
  if (error == http::error::bad_version) {
    return Refuse(505, "HTTP_VERSION_NOT_SUPPORTED", "speak HTTP/1.1");
  }
  if (error == http::error::body_limit) {
    return RefuseBody();
  }
  if (error || !beast_->is_header_done()) {
    return Refuse(400, "REQUEST_MALFORMED", "the request line or a header is malformed");
  }
  const BadRequest bad = CheckHead(request_, beast_->singles(), beast_->version());
  if (bad.status != 0) return Refuse(bad.status, bad.reason, bad.detail);
  head_done_ = true;
  // A client of HTTP/1.0 takes a connection for closed unless it is told otherwise, and knows no
  // 100 (RFC 9110, 10.1.1).
  const bool current = beast_->version() == 11;
  keep_alive_ = current && beast_->keep_alive();
  expects_continue_ =
      current && !beast_->is_done() && EqualsIgnoreCase(request_.Header("expect"), "100-continue");
  return Progress::kDone;
}

RequestParser::Progress RequestParser::ReadBody(std::string_view& bytes) {
  // One chunk's head or body at a time, so that it never matters how many came together.
  while (!beast_->is_done() && bytes.size() >= (beast_->chunked() ? kLastChunkBytesMin : 1)) {
    const bool at_chunk = beast_->at_chunk();
    const std::string_view shown = at_chunk ? bytes.substr(0, kHeadBytesMax) : bytes;
    if (at_chunk && HasQuotedExtension(shown)) {
      return Refuse(400, "REQUEST_MALFORMED", "a chunk's extension must not be quoted");
    }
    error_code error;
    const std::size_t read = beast_->put(boost::asio::buffer(shown.data(), shown.size()), error);
    bytes.remove_prefix(read);
    if (error == http::error::body_limit) {
      return RefuseBody();
    }
    if (error && error != http::error::need_more) {
      return Refuse(400, "REQUEST_MALFORMED", "the chunked body is malformed");
    }
    if (read == 0) break;
  }
  if (beast_->is_done()) return Progress::kDone;
  // What is left over here is the framing of a chunk, or trailers.
  if (bytes.size() >= kHeadBytesMax) {
    return Refuse(431, "HEADERS_TOO_LARGE", "chunk extensions and trailers are too large");
  }
  return Progress::kNeedsMore;
}

RequestParser::Progress RequestParser::RefuseBody() {
  static_assert(kBodyBytesMax == 128'192);
  return Refuse(413, "BODY_TOO_LARGE", "the body must be at most 128,192 bytes");
}

RequestParser::Progress RequestParser::Refuse(int status, std::string_view reason,
                                              std::string_view detail) {
  refusal_ = {status, reason, detail};
  return Progress::kRefused;
}

void RequestParser::Reset() {
  request_.method = {};
  request_.target = {};
  request_.headers.clear();
  if (request_.headers.capacity() > kHeadersKept) request_.headers.shrink_to_fit();
  request_.body.clear();
  if (request_.body.capacity() > kBufferBytesKept) request_.body.shrink_to_fit();
  if (request_.head.capacity() > kBufferBytesKept) std::string().swap(request_.head);
  // Beast's parser reads one message in its life.
  beast_ = std::make_unique<BeastParser>(request_);
  searched_ = 0;
  head_done_ = keep_alive_ = expects_continue_ = false;
}

void RequestParser::Release() {
  beast_.reset();
  request_.method = {};
  request_.target = {};
  std::vector<HeaderField>().swap(request_.headers);
  std::string().swap(request_.head);
  std::string().swap(request_.body);
}

bool RequestParser::TakeExpectsContinue() { return std::exchange(expects_continue_, false); }

}  // namespace marginalia
