// Reads one HTTP/1.1 request after the other from the bytes of a connection (RFC 9112), more
// strictly than the parser of Boost.Beast below it: whatever two servers could read differently is
// refused. Used by one thread.
#ifndef MARGINALIA_GATEWAY_HTTP_PARSER_H_
#define MARGINALIA_GATEWAY_HTTP_PARSER_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "gateway/http/limits.h"
#include "gateway/http/message.h"

namespace marginalia {

// Why bytes are no acceptable request.
struct BadRequest {
  int status = 400;
  std::string_view reason;
  std::string_view detail;
};

class RequestParser {
 public:
  enum class Progress { kNeedsMore, kDone, kRefused };

  // `encrypted`: the bytes come over TLS.
  explicit RequestParser(bool encrypted = false);
  ~RequestParser();

  // Reads on. Takes what it understood off the front of `bytes`; pass the rest again, with more
  // behind it, when it needs more.
  Progress Read(std::string_view& bytes);

  // Ready for the next request; what the last one held is gone.
  void Reset();
  // Gives back all memory that can be had again.
  void Release();

  // Valid once done.
  const HttpRequest& request() const { return request_; }
  // Whether the connection may carry another request after this one.
  bool keep_alive() const { return keep_alive_; }
  // Valid once refused.
  const BadRequest& refusal() const { return refusal_; }
  // Whether the head is complete and the client waits for "100 Continue" before it sends the body.
  bool TakeExpectsContinue();

 private:
  class BeastParser;

  Progress ReadHead(std::string_view& bytes);
  Progress ReadBody(std::string_view& bytes);
  Progress RefuseBody();
  Progress Refuse(int status, std::string_view reason, std::string_view detail);

  HttpRequest request_;
  BadRequest refusal_;
  std::unique_ptr<BeastParser> beast_;
  // How much of a head that is not complete yet has been searched for its end.
  std::size_t searched_ = 0;
  bool head_done_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_PARSER_H_
