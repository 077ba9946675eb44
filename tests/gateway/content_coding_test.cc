// Answers in the coding that the client takes, and their tags.
#include "gateway/http/content_coding.h"

#include <brotli/decode.h>
#include <zlib.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/gateway/pages_fixture.h"
#include "tests/gateway/raw_connection.h"

namespace marginalia {
namespace {

constexpr std::size_t kTextBytesMax = 1024 * 1024;

std::string Gunzip(std::string_view coded) {
  std::string text(kTextBytesMax, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

std::string Unbrotli(std::string_view coded) {
  std::string text(kTextBytesMax, '\0');
  std::size_t size = text.size();
  EXPECT_EQ(
      BrotliDecoderDecompress(coded.size(), reinterpret_cast<const std::uint8_t*>(coded.data()),
                              &size, reinterpret_cast<std::uint8_t*>(text.data())),
      BROTLI_DECODER_RESULT_SUCCESS);
  text.resize(size);
  return text;
}

class ContentCodingTest : public PagesFixture {
 protected:
  ContentCodingTest() {
    for (int i = 0; i < 100; ++i) {
      comments_->Post(kOrg, kInvoiceId, absl::StrCat("A comment on the invoice, number ", i));
    }
  }
  // dana's answer, in that coding where it is allowed.
  HttpAnswer Ask(const std::string& target, const std::string& codings,
                 const HttpClient::Headers& more = {}) {
    HttpClient::Headers headers = As("dana");
    headers.emplace_back("Accept-Encoding", codings);
    headers.insert(headers.end(), more.begin(), more.end());
    return client_->Get(target, headers);
  }
  const std::string thread_ = absl::StrCat(kThread, "?limit=100");
};

TEST_F(ContentCodingTest, ALongAnswerTravelsInTheSmallestCodingThatTheClientTakes) {
  const HttpAnswer plain = Get(thread_);
  EXPECT_EQ(HeaderOf(plain, "content-encoding"), "");
  EXPECT_TRUE(absl::StrContains(HeaderOf(plain, "vary"), "Accept-Encoding"));
  // All but the consistency token, which is another one each time.
  const auto comments = [](const std::string& json) {
    return boost::json::parse(json).at("comments");
  };
  const HttpAnswer gzip = Ask(thread_, "gzip");
  EXPECT_EQ(HeaderOf(gzip, "content-encoding"), "gzip");
  EXPECT_EQ(HeaderOf(gzip, "content-length"), absl::StrCat(gzip.body.size()));
  EXPECT_LT(gzip.body.size(), plain.body.size() / 4);
  EXPECT_EQ(comments(Gunzip(gzip.body)), comments(plain.body));
  const HttpAnswer brotli = Ask(thread_, "gzip, deflate, br");
  EXPECT_EQ(HeaderOf(brotli, "content-encoding"), "br");
  EXPECT_EQ(comments(Unbrotli(brotli.body)), comments(plain.body));
  EXPECT_EQ(HeaderOf(Ask(thread_, "identity, deflate, gzip;q=0"), "content-encoding"), "");
  EXPECT_EQ(HeaderOf(Ask(thread_, "gzip;Q=0"), "content-encoding"), "");
}

TEST_F(ContentCodingTest, EachCodingHasATagOfItsOwnAndAllAreRecognized) {
  const std::string plain = HeaderOf(Get(thread_), "etag");
  const std::string gzip = HeaderOf(Ask(thread_, "gzip"), "etag");
  EXPECT_EQ(gzip, absl::StrCat(plain.substr(0, plain.size() - 1), "-gzip\""));
  for (const std::string& tag :
       {plain, gzip, HeaderOf(Ask(thread_, "br"), "etag"), gzip.substr(2)}) {
    const HttpAnswer unchanged = Ask(thread_, "gzip", {{"If-None-Match", tag}});
    EXPECT_EQ(unchanged.status, 304) << tag;
    EXPECT_EQ(unchanged.body, "");
    EXPECT_EQ(HeaderOf(unchanged, "content-encoding"), "");
    // A cache finds what it holds by it.
    EXPECT_TRUE(absl::EndsWith(tag, HeaderOf(unchanged, "etag").substr(2))) << tag;
  }
}

TEST_F(ContentCodingTest, PagesAndDocumentsAreCodedToo) {
  const HttpAnswer page = Ask(kPage, "gzip");
  EXPECT_EQ(HeaderOf(page, "content-encoding"), "gzip");
  EXPECT_TRUE(absl::StrContains(Gunzip(page.body), "A comment on the invoice, number 99"));
  const HttpAnswer document = Ask("/openapi.json", "br");
  EXPECT_EQ(HeaderOf(document, "content-encoding"), "br");
  EXPECT_EQ(Unbrotli(document.body), Get("/openapi.json").body);
  EXPECT_EQ(Ask("/openapi.json", "br", {{"If-None-Match", HeaderOf(document, "etag")}}).status,
            304);
}

TEST_F(ContentCodingTest, WhatIsShortOrStreamedIsNotCoded) {
  EXPECT_EQ(HeaderOf(Ask("/healthz", "gzip"), "content-encoding"), "");
  HttpClient::Headers headers = As("dana");
  headers.emplace_back("Accept-Encoding", "gzip, br");
  const auto stream = Open(headers);
  EXPECT_EQ(NextNamed(*stream).event, "checkpoint");
}

}  // namespace
}  // namespace marginalia
