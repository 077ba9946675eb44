#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "gateway/http/parser.h"

namespace marginalia {
namespace {

using Progress = RequestParser::Progress;

// What is read of bytes that come in parts of so many: each request, and how it ends.
std::vector<std::string> ReadInParts(std::string_view bytes, std::size_t part) {
  RequestParser parser;
  std::vector<std::string> seen;
  std::string input;
  while (true) {
    std::string_view rest = input;
    const Progress progress = parser.Read(rest);
    input.erase(0, input.size() - rest.size());
    if (progress == Progress::kRefused) {
      seen.push_back("refused " + std::to_string(parser.refusal().status));
      return seen;
    }
    if (progress == Progress::kNeedsMore) {
      parser.TakeExpectsContinue();
      if (bytes.empty()) return seen;
      input += bytes.substr(0, part);
      bytes.remove_prefix(std::min(part, bytes.size()));
      continue;
    }
    const HttpRequest& request = parser.request();
    std::string text = std::string(request.method) + ' ' + std::string(request.target);
    for (const HeaderField& field : request.headers) {
      text += '|' + std::string(field.name) + '=' + std::string(field.value);
    }
    seen.push_back(text + '|' + request.body + (parser.keep_alive() ? "|keep" : "|close"));
    parser.Reset();
  }
}

std::string Altered(std::string bytes, std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"\r\n", "\r",   "\n", " ", "\t", ":",  "0",
                                                 "\x01", "\x80", ";",  ",", "5",  "ff", "\r\n\r\n"};
  for (std::size_t changes = random() % 4; changes > 0; --changes) {
    const std::size_t at = random() % bytes.size();
    const std::string_view piece = kPieces[random() % std::size(kPieces)];
    bytes.replace(at, random() % 3, piece.data(), piece.size());
  }
  return bytes;
}

// Otherwise what a request means would depend on how the network cuts it.
TEST(RequestParserTest, HowTheBytesAreCutChangesNothing) {
  const std::string requests[] = {
      "GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n\r\nHEAD /d HTTP/1.1\r\nHost: h\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
      "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: t\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / "
      "HTTP/1.0\r\n\r\n",
      "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"};
  std::mt19937 random(20260601);
  for (int i = 0; i < 4'000; ++i) {
    const std::string bytes = Altered(requests[random() % std::size(requests)], random);
    const std::vector<std::string> whole = ReadInParts(bytes, bytes.size());
    EXPECT_EQ(ReadInParts(bytes, 1), whole) << testing::PrintToString(bytes);
    EXPECT_EQ(ReadInParts(bytes, 7), whole) << testing::PrintToString(bytes);
  }
}

TEST(RequestParserTest, AnEmptyChunkedBodyMayComeByteByByte) {
  const std::string bytes =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  const std::vector<std::string> read = ReadInParts(bytes, 1);
  EXPECT_EQ(read, ReadInParts(bytes, bytes.size()));
  EXPECT_EQ(read, std::vector<std::string>{"POST /a|Host=h|Transfer-Encoding=chunked||keep"});
}

TEST(RequestParserTest, AQuotedExtensionOfAChunkIsRefusedHoweverItComes) {
  const std::string head = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* chunks : {"5;x=\"a\"\r\nhello\r\n0\r\n\r\n", "6666;x=\"\r\na;\r\nhello\r\n",
                             "1\r\n\"\r\n0;\"\r\n\r\n"}) {
    for (const std::size_t part : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}}) {
      EXPECT_EQ(ReadInParts(head + chunks, part)[0], "refused 400") << chunks << part;
    }
  }
  const std::string quoted_data = head + "1\r\n\"\r\n0\r\n\r\n";
  EXPECT_EQ(ReadInParts(quoted_data, 1)[0], "POST /a|Host=h|Transfer-Encoding=chunked|\"|keep");
}

TEST(RequestParserTest, WhatSurroundsAChunkIsBoundedHoweverItComes) {
  const std::string head = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string large(kHeadBytesMax, 'x');
  for (const std::string& chunks : {"1;" + large + "\r\na\r\n0\r\n\r\n",
                                    "0;x=" + large + "\r\n\r\n", "0\r\nT: " + large + "\r\n\r\n"}) {
    for (const std::size_t part : {std::size_t{7}, 2 * large.size()}) {
      EXPECT_EQ(ReadInParts(head + chunks, part)[0], "refused 431") << part;
    }
  }
}

TEST(RequestParserTest, TheHeadMayBeAsLargeAsTheLimitAndNoLarger) {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  const auto of_bytes = [&](std::size_t bytes) {
    return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
  };
  for (const std::size_t part : {std::size_t{1}, std::size_t{1'000}, kHeadBytesMax + 1}) {
    EXPECT_EQ(ReadInParts(of_bytes(kHeadBytesMax), part)[0].substr(0, 5), "GET /") << part;
    EXPECT_EQ(ReadInParts(of_bytes(kHeadBytesMax + 1), part)[0], "refused 431") << part;
  }
}

TEST(RequestParserTest, AClientOfHttp10IsNeitherKeptNorToldToContinue) {
  EXPECT_EQ(ReadInParts("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 100).front(),
            "GET /a|Connection=keep-alive||close");
  for (const bool current : {false, true}) {
    RequestParser parser;
    const std::string head = std::string("POST /a HTTP/1.") + (current ? '1' : '0') +
                             "\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    std::string_view bytes = head;
    EXPECT_EQ(parser.Read(bytes), Progress::kNeedsMore);
    EXPECT_EQ(parser.TakeExpectsContinue(), current);
  }
}

TEST(RequestParserTest, ALineFeedAloneEndsNoLine) {
  for (const char* bytes :
       {"GET / HTTP/1.1\nHost: h\n\n\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"}) {
    EXPECT_EQ(ReadInParts(bytes, 1'000)[0].substr(0, 7), "refused") << bytes;
  }
}

}  // namespace
}  // namespace marginalia
