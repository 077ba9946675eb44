// Requests that two servers could read differently, and line ends where none belong.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/abuse/abuse_test.h"
#include "tests/gateway/raw_connection.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

// What would be posted in the victim's name.
constexpr char kComment[] = R"({"body":"smuggled"})";

class FramingTest : public AbuseTest {
 protected:
  std::string PostWith(const std::string& headers, const std::string& body) const {
    return absl::StrCat("POST ", thread_, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ", Token(),
                        "\r\nContent-Type: application/json\r\n", headers, "\r\n", body);
  }
  static int AnswersIn(const std::string& text) {
    return static_cast<int>(std::vector<std::string>(absl::StrSplit(text, "HTTP/1.1 ")).size()) - 1;
  }
};

TEST_F(FramingTest, WhatCouldBeReadInTwoWaysIsAnsweredOnceWith400AndTheConnectionEnds) {
  const std::string size = std::to_string(sizeof(kComment) - 1);
  const std::string headers[] = {
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: " + size + "\r\n",
      "Content-Length: " + size + "\r\nContent-Length: 0\r\n",
      "Content-Length: " + size + "\r\nContent-Length: " + size + "\r\n",
      "Content-Length: " + size + ", " + size + "\r\n",
      "Content-Length: +" + size + "\r\n",
      "Content-Length: 0x13\r\n",
      "Content-Length: -1\r\n",
      "Content-Length: 18446744073709551635\r\n",
      "Content-Length:\r\n",
      "Content-Length : " + size + "\r\n",
      "Transfer-Encoding: identity\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: chunked, identity\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      "Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n",
      "Transfer-Encoding : chunked\r\n",
      "Transfer-Encoding\r\n : chunked\r\n",
      "X-Folded: one\r\n two\r\n",
      "X-Folded: one\r\n\ttwo\r\nContent-Length: 0\r\n",
      " Content-Length: 0\r\n",
      "Host: elsewhere\r\n",
      "X-Bare: a\rb\r\n",
      "X-Bare: a\nContent-Length: 0\r\n",
      std::string("X-Nul: a\0b\r\n", 12),
  };
  const std::string smuggled =
      absl::StrCat("0\r\n\r\n", PostWith("Content-Length: " + size + "\r\n", kComment));
  for (const std::string& each : headers) {
    const std::string answer = Say(PostWith(each, smuggled));
    EXPECT_EQ(StatusOf(answer), 400) << each << answer;
    EXPECT_EQ(AnswersIn(answer), 1) << each << answer;
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n")) << each;
    EXPECT_THAT(answer, HasSubstr("REQUEST_MALFORMED")) << each;
  }
  EXPECT_EQ(CommentCount(), 0);
}

TEST_F(FramingTest, ChunksThatAreNoChunksAreRefused) {
  for (const char* body :
       {"5\r\nhelloX\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n", "-1\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n"}) {
    const std::string answer = Say(PostWith("Transfer-Encoding: chunked\r\n", body));
    EXPECT_TRUE(StatusOf(answer) == 400 || StatusOf(answer) == 413) << body << answer;
    EXPECT_EQ(AnswersIn(answer), 1) << body;
  }
  EXPECT_EQ(CommentCount(), 0);
}

// The parser below the gateway's own aborts when it sees these parts one after the other.
TEST_F(FramingTest, AChunkedBodyInSmallPartsHurtsNobody) {
  for (int i = 0; i < 20; ++i) {
    RawConnection connection(processes().gateway().address());
    // Once the client is told to go on, the head has been read.
    connection.Send(PostWith(
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n", ""));
    ASSERT_NE(connection.ReadUntil("100 Continue\r\n\r\n"), "");
    for (const char* part : {"0", "\r", "\n", "\r", "\n"}) ASSERT_TRUE(connection.Send(part));
    EXPECT_EQ(StatusOf(connection.ReadToEnd()), 400);
  }
  EXPECT_EQ(client_.Get("/healthz").status, 200);
}

TEST_F(FramingTest, ALineEndInATargetOrAnIdReachesNoHeader) {
  const std::string evil = "%0d%0aX-Injected:%20yes%0d%0a%0d%0a<script>";
  for (const std::string& target :
       {"/" + evil, "/api/invoices/" + evil, "/api/invoices/" + evil + "/comments",
        thread_ + "?cursor=" + evil, "/api/invoices/" + invoice_ + "/events?after=" + evil,
        "/invoices/" + evil, "/invoices?cursor=" + evil, "/sign-in?next=" + evil, "/assets/" + evil,
        "/api/invoices/" + invoice_ + "?consistency=" + evil}) {
    const std::string answer = Say(absl::StrCat(
        "GET ", target, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ",
        Token(), "\r\n\r\n"));
    const std::string head = answer.substr(0, answer.find("\r\n\r\n"));
    EXPECT_EQ(StatusOf(answer) / 100, 4) << target << answer;
    EXPECT_THAT(absl::AsciiStrToLower(head), Not(HasSubstr("x-injected"))) << target;
  }
}

TEST_F(FramingTest, ALineEndInARequestIdIsNotEchoed) {
  for (const char* id : {"a%0d%0ab", "a b", "\"a\"", "a;b", "\xC3\xA9", "<script>"}) {
    const HttpAnswer answer = client_.Get("/healthz", {{"X-Request-Id", id}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.headers.at("x-request-id"), id);
  }
  EXPECT_EQ(client_.Get("/healthz", {{"X-Request-Id", std::string(65, 'a')}})
                    .headers.at("x-request-id")
                    .size() < 65,
            true);
}

TEST_F(FramingTest, ACommentWithLineEndsIsOneEvent) {
  HttpClient browser(processes().gateway().address());
  ASSERT_EQ(browser.OpenStream("/api/invoices/" + invoice_ + "/events", Bearing(Token())).status,
            200);
  const std::string body =
      "one\r\n\r\nid: stolen\r\nevent: comment\r\ndata: {}\n\nretry: 1\n\r\rdata: x\xE2\x80\xA8";
  const HttpAnswer posted = Post(thread_, json::serialize(json::object{{"body", body}}));
  ASSERT_EQ(posted.status, 201) << posted.body;
  ASSERT_EQ(Post(thread_, R"({"body":"the next"})").status, 201);
  std::vector<std::string> bodies;
  while (bodies.size() < 2) {
    const auto event = browser.NextEvent();
    ASSERT_TRUE(event.has_value());
    EXPECT_NE(event->id, "stolen");
    if (event->event == "comment_added") {
      bodies.emplace_back(json::parse(event->data).at("comment").at("body").as_string());
    }
  }
  EXPECT_EQ(bodies, (std::vector<std::string>{body, "the next"}));
}

TEST_F(FramingTest, AnIdentityWithLineEndsIsRefused) {
  for (const char* claim : {"org", "sub", "name"}) {
    json::object claims = GoodClaims();
    claims[claim] = "a\r\n{\"severity\":\"error\"}";
    EXPECT_EQ(client_.Get(thread_, Bearing(Signed(GoodHeader(), claims))).status, 401) << claim;
  }
}

}  // namespace
}  // namespace marginalia
