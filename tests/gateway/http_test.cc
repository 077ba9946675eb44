// HTTP/1.1 as bytes: what is malformed, too large, too slow or pipelined.
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gateway/http/limits.h"
#include "gateway/http/server.h"
#include "services/process/stopwatch.h"
#include "services/rpc/gate/late_refusals.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/raw_connection.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

// Of the thread.
constexpr char kRoute[] = "/api/invoices/{id}/comments";

class HttpTest : public GatewayFixture {
 protected:
  HttpTest() {
    StartGateway();
    AwaitReady();
  }

  // What a connection says to these bytes until it ends it.
  std::string Say(std::string_view bytes) {
    RawConnection connection(gateway_->address());
    EXPECT_TRUE(connection.Send(bytes));
    return connection.ReadToEnd();
  }
  // With the headers that a good request to the thread has.
  std::string Request(std::string_view method, std::string_view more_headers,
                      std::string_view body = "") {
    return absl::StrCat(std::string(method), " ", kThread, " HTTP/1.1\r\nHost: localhost\r\n",
                        "Authorization: Bearer ", TokenOf("dana", "member", kOrg), "\r\n",
                        std::string(more_headers), "\r\n", std::string(body));
  }
  // A thread whose answer the kernel does not take off the gateway's hands whole.
  void PostMoreThanTheKernelTakes(const std::string& org) {
    for (int i = 0; i < 4; ++i) comments_->Post(org, kInvoiceId, std::string(1'500'000, 'a'));
  }
  // Asks for the thread, and reads only how the answer begins.
  std::unique_ptr<RawConnection> OpenSleeper() {
    auto sleeper = std::make_unique<RawConnection>(gateway_->address(), 4 * 1024);
    sleeper->Send(Request("GET", ""));
    EXPECT_NE(sleeper->ReadUntil("200 OK"), "");
    return sleeper;
  }
  // How many answers of a route had that status.
  int Answered(int status, const std::string& route) {
    return Metric(absl::StrCat("marginalia_http_requests_total{code=\"", status, "\",route=\"",
                               route, "\"}"));
  }
  int Connections() { return Metric("marginalia_http_connections"); }
  int Metric(const std::string& series) {
    const std::string metrics = HttpClient(metrics_->address()).Get("/metrics").body;
    const std::string line = absl::StrCat("\n", series, " ");
    const std::size_t at = metrics.find(line);
    return at == metrics.npos ? 0 : std::stoi(metrics.substr(at + line.size()));
  }
  static int StatusOf(const std::string& answer) {
    return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
  }
};

TEST_F(HttpTest, WhatCouldBeReadInTwoWaysIsRefusedAndTheConnectionEnds) {
  const char* ambiguous[] = {
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
      "Content-Length: 5\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 5, 5\r\n",
      "Content-Length: +5\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "X-Folded: one\r\n two\r\n",
      "Host: elsewhere\r\n",
      "Bad Header: x\r\n",
      "X-Control: a\x01b\r\n",
  };
  for (const char* headers : ambiguous) {
    const std::string answer = Say(
        Request("POST", absl::StrCat("Content-Type: application/json\r\n", headers), "0\r\n\r\n"));
    EXPECT_EQ(StatusOf(answer), 400) << headers << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_NE(answer.find("REQUEST_MALFORMED"), std::string::npos) << headers;
  }
  EXPECT_EQ(comments_->head(), 0);
}

TEST_F(HttpTest, WhatIsNoHttpIsRefused) {
  EXPECT_EQ(StatusOf(Say("HELO example\r\n\r\n")), 400);
  EXPECT_EQ(StatusOf(Say("GET /healthz HTTP/1.1\r\n\r\n")), 400);
  EXPECT_EQ(StatusOf(Say("GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n")), 505);
  EXPECT_EQ(StatusOf(Say("GET healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")), 400);
}

TEST_F(HttpTest, TooLargeIsRefusedByWhatIsTooLarge) {
  const std::string large(140'000, 'a');
  EXPECT_EQ(StatusOf(Say(Request("POST", absl::StrCat("Content-Type: application/json\r\n",
                                                      "Content-Length: 128193\r\n")))),
            413);
  EXPECT_EQ(StatusOf(Say(Request("POST",
                                 "Content-Type: application/json\r\n"
                                 "Transfer-Encoding: chunked\r\n",
                                 absl::StrCat("222e0\r\n", large, "\r\n0\r\n\r\n")))),
            413);
  EXPECT_EQ(
      StatusOf(Say(Request("GET", absl::StrCat("X-Large: ", large.substr(0, 9'000), "\r\n")))),
      431);
  EXPECT_EQ(
      StatusOf(Say(absl::StrCat("GET /", large.substr(0, 5'000), " HTTP/1.1\r\nHost: a\r\n\r\n"))),
      414);
}

TEST_F(HttpTest, AFormThatIsTooLargeIsToldToAPersonOnAPage) {
  const std::string answer =
      Say(absl::StrCat("POST /invoices/", kInvoiceId, "/comments HTTP/1.1\r\nHost: localhost\r\n",
                       "Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                       "Content-Length: 1000000\r\n\r\n"));
  EXPECT_EQ(StatusOf(answer), 413);
  EXPECT_NE(answer.find("Content-Type: text/html"), std::string::npos) << answer;
  EXPECT_NE(answer.find("make the text shorter"), std::string::npos) << answer;
}

TEST_F(HttpTest, TheChunksOfABodyAreTooLargeTogether) {
  const std::string chunk = absl::StrCat("11170\r\n", std::string(70'000, 'a'), "\r\n");
  const std::string answer = Say(Request(
      "POST", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", chunk + chunk));
  EXPECT_EQ(StatusOf(answer), 413) << answer;
}

TEST_F(HttpTest, ALargeAnswerWaitsForItsReaderOnlyWhileThereIsRoom) {
  options_.answers.bytes_max = 8'000'000;
  StartGateway();
  PostMoreThanTheKernelTakes(kOrg);
  auto sleeper = OpenSleeper();
  const HttpAnswer refused = Get(kThread);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(ReasonOfProblem(refused), "ANSWERS_TOO_SLOW");
  EXPECT_EQ(refused.headers.count("retry-after"), 1U);
  EXPECT_EQ(Get("/healthz", {}).status, 200);
  EXPECT_EQ(Get("/openapi.json", {}).status, 200);
  sleeper.reset();
  EXPECT_TRUE(Await([this] { return Get(kThread).status == 200; }));
}

TEST_F(HttpTest, AnswersThatATenantDoesNotTakeLeaveRoomForThoseOfOthers) {
  options_.answers = {.bytes_max = 24'000'000, .tenant_bytes_max = 8'000'000};
  StartGateway();
  PostMoreThanTheKernelTakes(kOrg);
  PostMoreThanTheKernelTakes("rivalworks");
  comments_->AddInvoice("rivalworks", kInvoiceId);
  const auto sleeper = OpenSleeper();
  EXPECT_EQ(Get(kThread, As("priya")).status, 503);
  EXPECT_EQ(Get(kThread, As("mallory", "member", "rivalworks")).status, 200);
}

TEST_F(HttpTest, AnAnswerThatThereIsNoRoomForIsCountedOnceUnderTheIdOfItsRequest) {
  options_.answers.bytes_max = 0;
  StartGateway();
  comments_->Post(kOrg, kInvoiceId, std::string(20'000, 'a'));
  HttpClient::Headers headers = As("dana");
  headers.emplace_back("X-Request-Id", "a-read-without-room");
  const HttpAnswer refused = Get(kThread, headers);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("x-request-id"), "a-read-without-room");
  EXPECT_EQ(Answered(503, kRoute), 1);
  EXPECT_EQ(Answered(200, kRoute) + Answered(503, "none"), 0);
}

TEST_F(HttpTest, ACommentThatWasStoredIsAnsweredSoWithoutRoomForItsAnswer) {
  options_.answers.bytes_max = 0;
  StartGateway();
  std::string json = R"({"body":")";
  for (int i = 0; i < 10'000; ++i) json += "é";
  json += R"("})";
  EXPECT_EQ(Post(kThread, json).status, 201);
  EXPECT_EQ(Answered(201, kRoute), 1);
  EXPECT_EQ(Answered(503, kRoute) + Answered(503, "none"), 0);
}

TEST_F(HttpTest, AnAnswerThatNobodyTakesIsGivenUpHoweverLargeItIs) {
  options_.http.write_stall_max = absl::Milliseconds(200);
  StartGateway();
  PostMoreThanTheKernelTakes(kOrg);
  const auto sleeper = OpenSleeper();
  EXPECT_TRUE(Await([this] { return Connections() == 0; }));
}

TEST_F(HttpTest, AnAnswerThatIsTakenSteadilyButFarTooSlowlyIsGivenUp) {
  options_.http.write_stall_max = absl::Seconds(1);
  StartGateway();
  PostMoreThanTheKernelTakes(kOrg);
  const auto sipper = OpenSleeper();
  EXPECT_TRUE(Await([&] {
    sipper->TakeReceived(10);
    return Connections() == 0;
  }));
}

TEST_F(HttpTest, LargeBodiesAreReadOnlyWhileThereIsRoomForThoseThatHaveNotComeWhole) {
  options_.http.incomplete_bodies_bytes_max = 100'000;
  StartGateway();
  const std::string large = absl::StrCat(R"({"body":"x"})", std::string(60'000, ' '));
  auto slow = std::make_unique<RawConnection>(gateway_->address());
  slow->Send(
      Request("POST", "Content-Type: application/json\r\nContent-Length: 100000\r\n", large));
  // Every connection has its turn: 2 KiB of this one are read for each of the others' requests.
  for (int i = 0; i < 100; ++i) Get("/healthz", {});
  HttpAnswer refused = Post(kThread, large);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(ReasonOfProblem(refused), "TOO_MANY_BODIES");
  EXPECT_EQ(refused.headers.count("retry-after"), 1U);
  EXPECT_EQ(refused.headers["connection"], "close");
  const std::string page =
      Say(absl::StrCat("POST /invoices/", kInvoiceId,
                       "/comments HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n",
                       "Content-Length: 60000\r\n\r\n", std::string(60'000, 'x')));
  EXPECT_EQ(StatusOf(page), 503);
  EXPECT_NE(page.find("Retry-After: "), page.npos) << page;
  EXPECT_EQ(Post(kThread, R"({"body":"what most people write"})").status, 201);
  slow.reset();
  EXPECT_TRUE(Await([&] { return Post(kThread, large).status == 201; }));
}

TEST_F(HttpTest, ABodyOfTheLargestSizeIsTaken) {
  const std::string json = absl::StrCat(R"({"body":")", std::string(9'000, 'a'), R"("})");
  const std::string body = json + std::string(kBodyBytesMax - json.size(), ' ');
  const HttpAnswer answer = Post(kThread, body);
  EXPECT_EQ(answer.status, 201) << answer.body;
}

// As Python's json.dumps writes it: each as two escapes, 12 bytes for one character.
TEST_F(HttpTest, TheLongestTextIsTakenInTheLongestFormThatJsonHasForIt) {
  std::string json = R"({"body": ")";
  for (int i = 0; i < 10'000; ++i) json += R"(\ud83d\ude00)";
  json += R"("})";
  const HttpAnswer answer = Post(kThread, json);
  EXPECT_EQ(answer.status, 201) << answer.body.substr(0, 200);
}

TEST_F(HttpTest, ABodyInAContentCodingIsRefusedWithWhatIsTaken) {
  for (const char* coding : {"gzip", "br", "identity, gzip", "GZIP", "nonsense"}) {
    const std::string answer =
        Say(Request("POST",
                    absl::StrCat("Content-Type: application/json\r\nContent-Encoding: ", coding,
                                 "\r\nContent-Length: 12\r\nConnection: close\r\n"),
                    R"({"body":"x"})"));
    EXPECT_EQ(StatusOf(answer), 415) << coding << answer;
    EXPECT_NE(answer.find("\r\nAccept-Encoding: identity\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("CONTENT_CODING_UNSUPPORTED"), std::string::npos) << answer;
  }
  EXPECT_EQ(comments_->head(), 0);
  HttpClient::Headers plain = As("dana");
  plain.emplace_back("Content-Encoding", "identity");
  EXPECT_EQ(Post(kThread, R"({"body":"x"})", plain).status, 201);
}

// The hello of a TLS client goes on for as long as nobody answers it.
TEST_F(HttpTest, WhatCannotBecomeARequestIsAnsweredAtOnce) {
  options_.http.request_read_max = absl::Minutes(5);
  StartGateway();
  for (const std::string_view bytes :
       {std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        std::string_view("\x80\x2e\x01\x03\x01", 5), std::string_view("\0\0\0", 3),
        std::string_view("\r\n\x16\x03", 4), std::string_view("{\"body\":", 8)}) {
    const std::string answer = Say(bytes);
    EXPECT_EQ(StatusOf(answer), 400) << answer;
  }
  EXPECT_NE(Say("\x16\x03\x01").find("without TLS"), std::string::npos);
}

TEST_F(HttpTest, AChunkedBodyIsPutTogether) {
  RawConnection connection(gateway_->address());
  connection.Send(Request("POST",
                          "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                          "Connection: close\r\n",
                          "8\r\n{\"body\":\r\n"));
  connection.Send("6;x=y\r\n\"whole\r\n2\r\n\"}\r\n0\r\nX-Trailer: t\r\n\r\n");
  const std::string answer = connection.ReadToEnd();
  EXPECT_EQ(StatusOf(answer), 201) << answer;
  EXPECT_NE(answer.find("\"body\":\"whole\""), std::string::npos);
}

TEST_F(HttpTest, ARequestThatArrivesTooSlowlyIsCut) {
  options_.http.request_read_max = absl::Milliseconds(100);
  StartGateway();
  AwaitReady();
  for (const std::string& part :
       {std::string("GET /healthz HT"), Request("POST",
                                                "Content-Type: application/json\r\n"
                                                "Content-Length: 100\r\n",
                                                "{\"body\":")}) {
    RawConnection connection(gateway_->address());
    connection.Send(part);
    const std::string answer = connection.ReadToEnd();
    EXPECT_EQ(StatusOf(answer), 408) << answer;
    EXPECT_NE(answer.find("REQUEST_TOO_SLOW"), std::string::npos);
  }
}

TEST_F(HttpTest, AnIdleConnectionIsClosedWithoutAWord) {
  options_.http.idle_max = absl::Milliseconds(100);
  StartGateway();
  AwaitReady();
  RawConnection connection(gateway_->address());
  EXPECT_EQ(connection.ReadToEnd(), "");
}

TEST_F(HttpTest, RequestsSentAheadAreAnsweredInTheirOrder) {
  RawConnection connection(gateway_->address());
  connection.Send(absl::StrCat("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", Request("GET", ""),
                               "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  const std::string answers = connection.ReadToEnd();
  std::vector<int> statuses;
  for (std::size_t at = answers.find("HTTP/1.1 "); at != std::string::npos;
       at = answers.find("HTTP/1.1 ", at + 1)) {
    statuses.push_back(StatusOf(answers.substr(at)));
  }
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 404}));
}

TEST_F(HttpTest, HeadIsAnsweredLikeGetWithoutABody) {
  const std::string answer =
      Say("HEAD /openapi.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(StatusOf(answer), 200);
  EXPECT_NE(answer.find("Content-Length: "), std::string::npos);
  EXPECT_EQ(answer.substr(answer.size() - 4), "\r\n\r\n");
}

TEST_F(HttpTest, HeadOfAnEventStreamHasNoEvents) {
  AwaitReady();
  const std::string answer =
      Say(absl::StrCat("HEAD ", kEvents, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
                       TokenOf("dana", "member", kOrg), "\r\n\r\n"));
  EXPECT_EQ(StatusOf(answer), 200);
  EXPECT_NE(answer.find("Content-Type: text/event-stream\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("\r\n\r\n"), answer.size() - 4) << answer;
}

TEST_F(HttpTest, AMethodThatARouteDoesNotTakeIsRefusedWithThoseThatItTakes) {
  const std::string answer = Say(Request("DELETE", "Connection: close\r\n"));
  EXPECT_EQ(StatusOf(answer), 405);
  EXPECT_NE(answer.find("Allow: GET, HEAD, POST\r\n"), std::string::npos) << answer;
}

TEST_F(HttpTest, AnIdMayHoldWhatAPathCannot) {
  comments_->AddInvoice(kOrg, "INV/7 \xC3\xBC?");
  EXPECT_EQ(Get("/api/invoices/INV%2F7%20%c3%bC%3F/comments").status, 200);
  EXPECT_EQ(Get("/api/invoices/INV%2F7/comments").status, 404);
}

TEST_F(HttpTest, AConnectionIsKeptForTheNextRequest) {
  RawConnection connection(gateway_->address());
  for (int i = 0; i < 3; ++i) {
    connection.Send(Request("GET", ""));
    const std::string answer = connection.ReadUntil("\"consistencyToken\":");
    EXPECT_EQ(StatusOf(answer), 200) << answer;
    EXPECT_EQ(answer.find("Connection: close"), std::string::npos);
  }
}

TEST_F(HttpTest, HostilePathsFindNothing) {
  for (const char* path :
       {"/api/invoices/..%2f..%2fetc%2fpasswd/comments", "/api/invoices/%00/comments",
        "/api//invoices", "/api/invoices/a%0d%0aSet-Cookie:x/comments", "/%2e%2e/healthz",
        "/api/invoices/%zz/comments", "/nowhere"}) {
    const HttpAnswer answer = Get(path);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << path << answer.status;
    EXPECT_EQ(answer.headers.count("set-cookie"), 0U) << path;
  }
}

TEST_F(HttpTest, APersonWhoAsksTooOftenIsToldToWaitAndAnotherIsNot) {
  options_.rates.person_calls_per_second = 1;
  options_.rates.clock = [now = SteadyTime::Now()] { return now; };
  StartGateway();
  EXPECT_EQ(Get("/api/activity", As("dana")).status, 200);
  const Stopwatch asked;
  const HttpAnswer refused = Get("/api/activity", As("dana"));
  EXPECT_GE(asked.elapsed(), kLateRefusalDelay);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(ReasonOfProblem(refused), "RATE_LIMITED");
  EXPECT_EQ(refused.headers.find("retry-after")->second, "1");
  EXPECT_EQ(Get("/api/activity", As("priya")).status, 200);
  EXPECT_EQ(Get("/healthz", {}).status, 200);
}

TEST_F(HttpTest, ADrainIsToldToWhoComesWithANewConnectionAlsoWhenNobodyElseIsThere) {
  client_->Close();
  const Stopwatch drained;
  std::thread drain([this] { gateway_->Drain(absl::Seconds(20)); });
  std::string told_last;
  const auto is_refused = [&] {
    const HttpAnswer answer = HttpClient(gateway_->address()).Get("/readyz");
    if (answer.status != 0) told_last = ReasonOfProblem(answer);
    return answer.status == 0;
  };
  // One may be closed among the idle ones, before it has asked.
  EXPECT_TRUE(Await([&] { return is_refused() && is_refused(); }));
  EXPECT_GE(drained.elapsed(), kDrainAccept);
  EXPECT_EQ(told_last, "DRAINING");
  drain.join();
}

TEST_F(HttpTest, AClientThatHangsUpInTheMiddleHurtsNobody) {
  for (const std::string& part :
       {std::string("GET"), Request("POST", "Content-Length: 9\r\n", "{")}) {
    RawConnection connection(gateway_->address());
    connection.Send(part);
    connection.EndSending();
    connection.AwaitEnd();
  }
  EXPECT_EQ(Get("/healthz", {}).status, 200);
}

}  // namespace
}  // namespace marginalia
