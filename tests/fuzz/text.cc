// Any text: who takes it for valid, and how it is written where other text surrounds it.
#include <google/protobuf/stubs/logging.h>

#include <boost/json/parse.hpp>
#include <string>

#include "comments-service/thread/comment.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/pages/frame/page_address.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/process/log.h"
#include "services/text/utf8.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

namespace json = boost::json;

std::size_t CharactersIn(std::string_view text) {
  std::size_t characters = 0;
  for (; !text.empty(); ++characters) {
    const std::size_t before = text.size();
    TakeCharacter(text);
    Require(text.size() < before, "each character takes bytes away");
  }
  return characters;
}

// The services, the gateway, protobuf and Boost.JSON each have a decoder of their own.
void RequireOneVerdict(std::string_view text) {
  static const auto silenced = google::protobuf::SetLogHandler(nullptr);
  (void)silenced;
  const bool valid = IsValidUtf8(text);
  comments::v1::GetCommentRequest request;
  request.set_invoice_id(std::string(text));
  comments::v1::GetCommentRequest sent;
  Require(sent.ParseFromString(request.SerializeAsString()) == valid,
          "protobuf and the gateway agree on what UTF-8 is");
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ? ' ' : c;
  }
  json::error_code error;
  json::parse(quoted + '"', error);
  Require(!error == valid, "Boost.JSON and the gateway agree on what UTF-8 is");
  const absl::Status body = CheckBody(text);
  Require(valid || !body.ok(), "a body that is taken is UTF-8");
  if (!body.ok()) return;
  Require(CharactersIn(text) <= kBodyCharactersMax, "a body that is taken is not too long");
  Require(text.find('\0') == text.npos, "a body that is taken holds no NUL");
}

// A line of the log, whatever stands in one of its fields.
void RequireOneLogLine(std::string_view text) {
  std::string line;
  AppendLogHead(line, Severity::kInfo, "request");
  AppendLogField(line, "method", text);
  line += '}';
  Require(line.find_first_of(std::string_view("\r\n\0", 3)) == line.npos,
          "a line of the log is one line");
  json::error_code error;
  const json::value value = json::parse(line, error);
  Require(!error && value.is_object(), "a line of the log is one JSON object");
  Require(value.at("message") == "request", "a field of the log changes no other");
  if (IsValidUtf8(text)) {
    Require(value.at("method") == json::string(text), "what is logged can be read again");
  }
}

void ReadText(std::string_view input) {
  CharactersIn(input);
  RequireOneVerdict(input);
  RequireOneLogLine(input);
  const std::string encoded = PercentEncode(input);
  Require(encoded.find_first_of("\r\n \"<>&'") == encoded.npos,
          "what is encoded can stand in a header and in HTML");
}

const FuzzTarget kTarget("text", ReadText);

}  // namespace
}  // namespace marginalia
