// The bytes of a connection: which requests are read of them, and whether another server could read
// others.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/etag.h"
#include "gateway/http/form_fields.h"
#include "gateway/http/gate/same_origin.h"
#include "gateway/http/gate/session_cookie.h"
#include "gateway/http/parser.h"
#include "services/rpc/gate/request_id.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

using Progress = RequestParser::Progress;

// A request as it was read, after its parser has gone on.
struct Seen {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool keep_alive = false;

  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Reading {
  std::vector<Seen> requests;
  // The status of the refusal with which it ended; 0: none.
  int refused = 0;

  friend bool operator==(const Reading&, const Reading&) = default;
};

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// Nothing that ends a line, here or with a more lenient reader.
bool IsOfOneLine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

bool Is(std::string_view name, std::string_view wanted) {
  return absl::EqualsIgnoreCase({name.data(), name.size()}, {wanted.data(), wanted.size()});
}

void RequireUnambiguous(const HttpRequest& request) {
  Require(IsToken(request.method), "a method is a token");
  Require(!request.target.empty() && request.target.size() <= kTargetBytesMax &&
              std::all_of(request.target.begin(), request.target.end(),
                          [](unsigned char c) { return c > 0x20 && c != 0x7F; }),
          "a target has no space and no control");
  int lengths = 0;
  int codings = 0;
  int hosts = 0;
  for (const HeaderField& field : request.headers) {
    Require(IsToken(field.name), "a header's name is a token");
    Require(IsOfOneLine(field.value), "a header's value is of one line");
    lengths += Is(field.name, "content-length");
    codings += Is(field.name, "transfer-encoding");
    hosts += Is(field.name, "host");
  }
  Require(lengths + codings <= 1, "the length of a body is said in one way");
  Require(hosts <= 1, "one host is named");
  Require(lengths == 0 ||
              std::to_string(request.body.size()) ==
                  request.Header("content-length")
                      .substr(std::min(request.Header("content-length").find_first_not_of('0'),
                                       request.Header("content-length").size() - 1)),
          "a body is as long as it was said to be");
  Require(lengths + codings == 1 || request.body.empty(), "a body was announced");
  Require(request.body.size() <= kBodyBytesMax, "a body is within its bounds");
}

void ReadHeaders(const HttpRequest& request) {
  const std::string_view token = TokenOfSession(SessionOf(request));
  Require(token.find(';') == token.npos && IsOfOneLine(token), "a cookie's value is one value");
  const std::string_view id = request.Header("x-request-id");
  Require(!IsRequestId(id) || (IsToken(id) && id.size() <= kRequestIdCharactersMax),
          "a request id that is taken can stand in a header");
  Require(
      !IsFromSameOrigin(request) || !request.Header("sec-fetch-site").empty() ||
          absl::EndsWithIgnoreCase(
              absl::string_view(request.Header("origin").data(), request.Header("origin").size()),
              absl::string_view(request.Header("host").data(), request.Header("host").size())),
      "another origin is not taken for this one");
  Require(!NamesTag(request, "\"tag\"") || IsConditional(request), "only a condition names a tag");
}

Seen CopyOf(const RequestParser& parser) {
  const HttpRequest& request = parser.request();
  Seen seen{std::string(request.method),
            std::string(request.target),
            {},
            request.body,
            parser.keep_alive()};
  for (const HeaderField& field : request.headers) {
    seen.headers.emplace_back(field.name, field.value);
  }
  return seen;
}

// Bytes that come in parts of so many.
Reading ReadInParts(std::string_view bytes, std::size_t part) {
  RequestParser parser;
  Reading reading;
  std::string input;
  while (true) {
    std::string_view rest = input;
    const Progress progress = parser.Read(rest);
    input.erase(0, input.size() - rest.size());
    if (progress == Progress::kRefused) {
      reading.refused = parser.refusal().status;
      Require(StatusPhrase(reading.refused) != "Unknown", "a refusal has a status with a name");
      return reading;
    }
    if (progress == Progress::kNeedsMore) {
      parser.TakeExpectsContinue();
      if (bytes.empty()) return reading;
      input += bytes.substr(0, part);
      bytes.remove_prefix(std::min(part, bytes.size()));
      continue;
    }
    RequireUnambiguous(parser.request());
    ReadHeaders(parser.request());
    reading.requests.push_back(CopyOf(parser));
    parser.Reset();
  }
}

// The request written out by what was read of it, with its body's length instead of chunks.
std::string WrittenOut(const Seen& seen) {
  std::string bytes = absl::StrCat(seen.method, " ", seen.target, " HTTP/1.1\r\n");
  bool has_host = false;
  for (const auto& [name, value] : seen.headers) {
    has_host = has_host || Is(name, "host");
    if (Is(name, "transfer-encoding")) {
      absl::StrAppend(&bytes, "Content-Length: ", seen.body.size(), "\r\n");
    } else {
      absl::StrAppend(&bytes, name, ": ", value, "\r\n");
    }
  }
  // HTTP/1.0 can do without.
  if (!has_host) bytes += "Host: h\r\n";
  return bytes + "\r\n" + seen.body;
}

void RequireSameWhenWrittenOut(const Seen& seen) {
  const std::string bytes = WrittenOut(seen);
  const std::size_t head_bytes = bytes.size() - seen.body.size();
  if (head_bytes > kHeadBytesMax) return;
  const Reading again = ReadInParts(bytes, bytes.size());
  Require(again.refused == 0 && again.requests.size() == 1, "one request is written out as one");
  const Seen& second = again.requests.front();
  Require(second.method == seen.method && second.target == seen.target && second.body == seen.body,
          "a request reads the same when it is written out again");
}

void ReadRequests(std::string_view input) {
  const Reading whole = ReadInParts(input, input.size());
  Require(ReadInParts(input, 1) == whole && ReadInParts(input, 7) == whole,
          "how the network cuts the bytes changes nothing");
  for (const Seen& seen : whole.requests) RequireSameWhenWrittenOut(seen);
}

const FuzzTarget kTarget("http_request", ReadRequests);

}  // namespace
}  // namespace marginalia
