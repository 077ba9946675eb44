// The event streams of browsers when something goes wrong: with the service, with the place that a
// browser wants to go on from, or with those who take up room.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/tokens/consistency_token.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/raw_connection.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr std::size_t kLargeBytes = 8'000;

class EventFaultsTest : public GatewayFixture {
 protected:
  EventFaultsTest() {
    options_.events.heartbeat = absl::Milliseconds(50);
    StartGateway();
    AwaitReady();
  }

  void StartGatewayAnew() {
    StartGateway();
    AwaitReady();
  }
  // Before the first event.
  std::string Beginning() const { return MakeConsistencyToken({comments_->log_id(), 0}, kOrg); }

  // Reads on until an event has that name; false when the stream ends before.
  static bool AwaitNamed(HttpClient& stream, std::string_view name) {
    while (const auto event = stream.NextEvent()) {
      if (event->event == name) return true;
    }
    return false;
  }
  // Reads to the end of the stream, and returns how many comments came.
  static int CommentsToTheEnd(HttpClient& stream) {
    int comments = 0;
    while (const auto event = stream.NextEvent())
      comments += event->event == "comment_added" ? 1 : 0;
    return comments;
  }
  // A browser that asks for the stream and takes next to nothing of it.
  std::unique_ptr<RawConnection> OpenSleeper(const std::string& target) {
    auto sleeper = std::make_unique<RawConnection>(gateway_->address(), 4 * 1024);
    sleeper->Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
                               TokenOf("sam", "viewer", kOrg), "\r\n\r\n"));
    EXPECT_NE(sleeper->ReadUntil("retry: "), "");
    return sleeper;
  }
  // What the gateway's end of the connection, which is in this process too, has as
  // TCP_USER_TIMEOUT.
  static absl::Duration UserTimeoutOfGateway(const RawConnection& browser) {
    for (int fd = 0; fd < 1'024; ++fd) {
      sockaddr_in peer{};
      socklen_t size = sizeof(peer);
      if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
          peer.sin_family != AF_INET || ntohs(peer.sin_port) != browser.port()) {
        continue;
      }
      unsigned milliseconds = 0;
      size = sizeof(milliseconds);
      getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, &size);
      return absl::Milliseconds(milliseconds);
    }
    return absl::ZeroDuration();
  }
  std::string EventsAfter(const std::string& after) const {
    return absl::StrCat(kEvents, "?after=", after);
  }
};

TEST_F(EventFaultsTest, ABrowserThatComesBackAfterARestartOfTheServiceMissesNothing) {
  auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  const std::string last = Next(*browser, "one");
  browser.reset();
  comments_->Stop();
  AwaitNotReady();
  comments_->Post(kOrg, kInvoiceId, "two");
  comments_->Start();
  AwaitReady();
  comments_->Post(kOrg, kInvoiceId, "three");
  browser = Open(Resuming(last));
  Next(*browser, "two");
  Next(*browser, "three");
  comments_->Post(kOrg, kInvoiceId, "four");
  Next(*browser, "four");
}

TEST_F(EventFaultsTest, AnOutageOfTheServiceIsToldAndItsEnd) {
  const auto browser = OpenNow();
  comments_->Stop();
  EXPECT_TRUE(AwaitNamed(*browser, "stale"));
  comments_->Post(kOrg, kInvoiceId, "meanwhile");
  comments_->Start();
  EXPECT_EQ(NextBody(*browser), "meanwhile");
  EXPECT_TRUE(AwaitNamed(*browser, "current"));
}

TEST_F(EventFaultsTest, AServiceThatHangsIsToldAndTheRestIsServed) {
  const auto browser = OpenNow();
  comments_->Hold(true);
  EXPECT_TRUE(AwaitNamed(*browser, "stale"));
  AwaitNotReady();
  EXPECT_EQ(Get("/api/invoices").status, 200);
  const HttpAnswer hung = Get(kThread);
  EXPECT_EQ(hung.status, 503) << hung.body;
  EXPECT_EQ(ReasonOfProblem(hung), "UPSTREAM_TIMEOUT");
  comments_->Hold(false);
  EXPECT_TRUE(AwaitNamed(*browser, "current"));
  comments_->Post(kOrg, kInvoiceId, "again");
  EXPECT_EQ(NextBody(*browser), "again");
}

TEST_F(EventFaultsTest, AnotherLogEndsTheStreamsAndItsPlacesAreRefused) {
  const auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  const std::string last = Next(*browser, "one");
  comments_->Stop();
  comments_->StartNewLog();
  comments_->Start();
  EXPECT_EQ(CommentsToTheEnd(*browser), 0);
  EXPECT_TRUE(AwaitStreams(0));
  AwaitReady();
  const HttpAnswer refused = Get(kEvents, Resuming(last));
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(ReasonOfProblem(refused), "RESUME_TOKEN_INVALID");
  const auto anew = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "of the new log");
  Next(*anew, "of the new log");
}

TEST_F(EventFaultsTest, StreamsThatWouldMissSomethingEndAndAreToldWhy) {
  const auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  const std::string last = Next(*browser, "one");
  comments_->Stop();
  for (int i = 0; i < 3; ++i) comments_->Post(kOrg, kInvoiceId, "missed");
  comments_->CompactUpTo(3);
  comments_->Start();
  EXPECT_EQ(CommentsToTheEnd(*browser), 0);
  AwaitReady();
  const HttpAnswer gone = Get(kEvents, Resuming(last));
  EXPECT_EQ(gone.status, 410) << gone.body;
  EXPECT_EQ(ReasonOfProblem(gone), "EVENTS_COMPACTED");
}

TEST_F(EventFaultsTest, StreamsBeforeALostEventEndAndNewOnesGoOnBehindIt) {
  const auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  const std::string last = Next(*browser, "one");
  comments_->Stop();
  for (int i = 0; i < 3; ++i) comments_->Post(kOrg, kInvoiceId, "missed");
  comments_->Lose(3);
  comments_->Start();
  EXPECT_EQ(CommentsToTheEnd(*browser), 0);
  AwaitReady();
  const HttpAnswer lost = Get(kEvents, Resuming(last));
  EXPECT_EQ(lost.status, 410) << lost.body;
  EXPECT_EQ(ReasonOfProblem(lost), "EVENTS_MISSING");
  const auto anew = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "of now");
  Next(*anew, "of now");
}

TEST_F(EventFaultsTest, APlaceWithAnyCharacterAlteredIsRefused) {
  const std::string good = Beginning();
  EXPECT_NE(Open(Resuming(good)), nullptr);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string altered = good;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    const HttpAnswer answer = Get(kEvents, Resuming(altered));
    EXPECT_EQ(answer.status, 400) << altered;
    EXPECT_EQ(ReasonOfProblem(answer), "RESUME_TOKEN_INVALID") << altered;
  }
}

TEST_F(EventFaultsTest, APlaceInTheAddressWorksUntilTheHeaderKnowsBetter) {
  comments_->Post(kOrg, kInvoiceId, "one");
  comments_->Post(kOrg, kInvoiceId, "two");
  const std::string target = absl::StrCat(kEvents, "?after=", Beginning());
  auto browser = Open(As("dana"), target);
  const std::string last = Next(*browser, "one");
  browser = Open(Resuming(last), target);
  Next(*browser, "two");
}

TEST_F(EventFaultsTest, AMachineOfATenantHearsOnlyOfItsTenant) {
  comments_->AddInvoice("rivalworks", kInvoiceId);
  comments_->Post("rivalworks", kInvoiceId, "theirs");
  comments_->Post(kOrg, kInvoiceId, "ours");
  comments_->Post("rivalworks", kInvoiceId, "theirs again");
  StartGatewayAnew();
  const auto machine = Open(As("importer", "service"), EventsAfter(Beginning()));
  Next(*machine, "ours");
  comments_->Post("rivalworks", kInvoiceId, "theirs, live");
  comments_->Post(kOrg, kInvoiceId, "ours, live");
  Next(*machine, "ours, live");
}

TEST_F(EventFaultsTest, AllStreamsTogetherHaveALimit) {
  options_.sse_clients_max = 2;
  StartGatewayAnew();
  auto first = Open(As("dana"));
  const auto second = Open(As("sam", "viewer"));
  const HttpAnswer third = Get(kEvents, As("alex", "admin"));
  EXPECT_EQ(third.status, 429) << third.body;
  EXPECT_EQ(ReasonOfProblem(third), "TOO_MANY_STREAMS");
  EXPECT_EQ(third.headers.count("retry-after"), 1U);
  first.reset();
  EXPECT_TRUE(Await([this] { return IsLetIn(As("alex", "admin")); }));
}

TEST_F(EventFaultsTest, WhoIsBroughtUpToDateKeepsTheOnlyPlaceUntilItHasTakenEverything) {
  for (int i = 0; i < 100; ++i) {
    comments_->Post(kOrg, kInvoiceId, absl::StrCat(i, std::string(kLargeBytes, 'x')));
  }
  options_.events.catch_ups_max = 1;
  StartGatewayAnew();
  const auto sleeper = OpenSleeper(EventsAfter(Beginning()));
  // The next one waits for the place, and is told so.
  const auto next = Open(Resuming(Beginning()));
  EXPECT_TRUE(AwaitNamed(*next, "stale"));
  comments_->Post(kOrg, kInvoiceId, "the end");
  EXPECT_NE(sleeper->ReadUntil("the end"), "");
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(NextBody(*next), absl::StrCat(i, std::string(kLargeBytes, 'x')));
  EXPECT_EQ(NextBody(*next), "the end");
  EXPECT_TRUE(AwaitNamed(*next, "current"));
}

TEST_F(EventFaultsTest, ATenantThatTakesAllItsPlacesSlowlyLeavesAnotherItsOwn) {
  comments_->AddInvoice("rivalworks", kInvoiceId);
  for (int i = 0; i < 100; ++i) {
    comments_->Post(kOrg, kInvoiceId, absl::StrCat(i, std::string(kLargeBytes, 'x')));
  }
  comments_->Post("rivalworks", kInvoiceId, "theirs");
  options_.events.catch_ups_max = 2;
  options_.events.tenant_catch_ups_max = 1;
  StartGatewayAnew();
  const auto sleeper = OpenSleeper(EventsAfter(Beginning()));
  const auto next = Open(Resuming(Beginning()));
  EXPECT_TRUE(AwaitNamed(*next, "stale"));
  const auto rival =
      Open(As("mallory", "member", "rivalworks"),
           EventsAfter(MakeConsistencyToken({comments_->log_id(), 0}, "rivalworks")));
  EXPECT_EQ(NextBody(*rival), "theirs");
  EXPECT_NE(sleeper->ReadUntil("\"99x"), "");
}

TEST_F(EventFaultsTest, AnotherClockThanTheServicesDoesNotMakeEventsOld) {
  comments_->SetClockBehind(absl::Hours(1));
  const auto browser = OpenNow();
  for (int i = 0; i < 20; ++i) {
    comments_->Post(kOrg, kInvoiceId, absl::StrCat(i));
    EXPECT_EQ(NextBody(*browser), absl::StrCat(i));
    const HttpAnswer ready = Get("/readyz");
    EXPECT_EQ(ready.status, 200) << ready.body;
  }
}

TEST_F(EventFaultsTest, ABrowserThatTakesNothingForTooLongIsCut) {
  options_.http.write_stall_max = absl::Milliseconds(200);
  options_.events.pending_bytes_max = 64 * 1024 * 1024;
  StartGatewayAnew();
  const auto reader = OpenNow();
  const auto sleeper = OpenSleeper(kEvents);
  ASSERT_TRUE(AwaitStreams(2));
  const std::string large(kLargeBytes, 'x');
  for (int i = 0; i < 100; ++i) {
    comments_->Post(kOrg, kInvoiceId, large);
    EXPECT_EQ(NextBody(*reader), large);
  }
  EXPECT_TRUE(AwaitStreams(1));
  comments_->Post(kOrg, kInvoiceId, "on it goes");
  EXPECT_EQ(NextBody(*reader), "on it goes");
}

// One message from upstream, which has an id behind its last event only.
TEST_F(EventFaultsTest, ABrowserThatTakesSlowlyButSteadilyWhatItMissedIsNotCut) {
  options_.http.write_stall_max = absl::Seconds(1);
  comments_->SetBatchEventsMax(200);
  for (int i = 0; i < 100; ++i) {
    comments_->Post(kOrg, kInvoiceId, absl::StrCat(i, std::string(kLargeBytes, 'x')));
  }
  StartGatewayAnew();
  RawConnection browser(gateway_->address(), 32 * 1024);
  browser.Send(absl::StrCat("GET ", EventsAfter(Beginning()),
                            " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
                            TokenOf("sam", "viewer", kOrg), "\r\n\r\n"));
  std::string tail;
  EXPECT_TRUE(Await([&] {
    tail = tail.substr(tail.size() - std::min<std::size_t>(tail.size(), 10)) +
           browser.TakeReceived(512);
    return tail.find("\"99x") != tail.npos;
  }));
}

// After the next heartbeat the kernel waits so long for a browser that vanished.
TEST_F(EventFaultsTest, ABrowserThatVanishedIsNoticedWithinTwoHeartbeats) {
  const auto browser = OpenSleeper(kEvents);
  EXPECT_EQ(UserTimeoutOfGateway(*browser), kSseVanishedAfter);
  EXPECT_LE(kSseHeartbeat + kSseVanishedAfter, absl::Seconds(30));
}

TEST_F(EventFaultsTest, WithoutATokenOfItsOwnTheGatewayServesAllButNewStreams) {
  options_.service_token_path = "";
  StartGateway();
  EXPECT_TRUE(Await([this] { return AwaitNotReady() == "TOKEN_INVALID"; }));
  EXPECT_EQ(Get(kThread).status, 200);
  const auto stream = Open(As("dana"));
  EXPECT_TRUE(AwaitNamed(*stream, "stale"));
}

// A browser gives up for good on whatever is no stream.
TEST_F(EventFaultsTest, AStreamOpensWhileTheServiceHangsAndGoesOnFromThere) {
  options_.events.open_within = absl::Milliseconds(100);
  StartGatewayAnew();
  comments_->Hold(true);
  const auto browser = Open(As("dana"));
  EXPECT_TRUE(AwaitNamed(*browser, "stale"));
  comments_->Post(kOrg, kInvoiceId, "while it hung");
  comments_->Hold(false);
  // The events may come from what the gateway remembers, or a moment later.
  bool current = false;
  bool begun = false;
  bool heard = false;
  while (!(current && begun && heard)) {
    const auto event = browser->NextEvent();
    ASSERT_TRUE(event.has_value());
    current |= event->event == "current";
    begun |= event->event == "checkpoint";
    heard |= event->data.find("while it hung") != std::string::npos;
  }
  comments_->Post(kOrg, kInvoiceId, "after");
  EXPECT_EQ(NextBody(*browser), "after");
}

TEST_F(EventFaultsTest, AStreamOpensWhileTheServiceIsGoneAndGoesOnFromItsPlace) {
  comments_->Post(kOrg, kInvoiceId, "seen");
  comments_->Stop();
  AwaitNotReady();
  const auto browser = Open(Resuming(Beginning()));
  EXPECT_TRUE(AwaitNamed(*browser, "stale"));
  comments_->Post(kOrg, kInvoiceId, "missed");
  comments_->Start();
  EXPECT_EQ(NextBody(*browser), "seen");
  EXPECT_EQ(NextBody(*browser), "missed");
  EXPECT_TRUE(AwaitNamed(*browser, "current"));
}

TEST_F(EventFaultsTest, AStreamThatWaitsForTheServiceIsKeptAliveHoweverLongThatTakes) {
  comments_->Stop();
  AwaitNotReady();
  const auto browser = Open(As("dana"));
  // Longer than it takes to try again.
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(AwaitNamed(*browser, "heartbeat"));
  comments_->Start();
  EXPECT_TRUE(AwaitNamed(*browser, "current"));
}

TEST_F(EventFaultsTest, StreamsThatWaitedForTheServiceDoNotAllAskAtOnceWhenItIsBack) {
  comments_->Post(kOrg, kInvoiceId, "said before");
  comments_->Stop();
  AwaitNotReady();
  std::vector<std::unique_ptr<HttpClient>> browsers;
  for (int i = 0; i < 40; ++i) browsers.push_back(Open(As(absl::StrCat("user", i))));
  // So that each would have tried again.
  LetPass(std::chrono::milliseconds(2'000));
  const std::size_t asked_before = comments_->list_times().size();
  comments_->Start();
  EXPECT_TRUE(Await([&] { return comments_->list_times().size() >= asked_before + 40; }));
  const std::vector<SteadyTime> times = comments_->list_times();
  EXPECT_GT(times[asked_before + 39] - times[asked_before], absl::Milliseconds(250));
  for (const auto& browser : browsers) EXPECT_TRUE(AwaitNamed(*browser, "current"));
}

TEST_F(EventFaultsTest, AStreamThatOpenedTooEarlyEndsWithoutAnEventOfAThreadThatIsNotTheCallers) {
  options_.events.open_within = absl::Milliseconds(100);
  StartGatewayAnew();
  comments_->Hold(true);
  const auto stranger = Open(As("eve", "admin", "rivalworks"));
  EXPECT_TRUE(AwaitNamed(*stranger, "stale"));
  comments_->Post(kOrg, kInvoiceId, "ours");
  comments_->Hold(false);
  while (const auto event = stranger->NextEvent()) {
    EXPECT_NE(event->event, "comment_added");
    EXPECT_NE(event->event, "checkpoint");
  }
  EXPECT_EQ(Get(kEvents, As("eve", "admin", "rivalworks")).status, 404);
  EXPECT_TRUE(AwaitStreams(0));
}

TEST_F(EventFaultsTest, ARefusalThatPassesIsAStreamThatSaysWhenToComeBack) {
  options_.rates.person_calls_per_second = 1;
  options_.rates.clock = [] { return SteadyTime::SinceBoot(absl::Hours(1)); };
  StartGateway();
  const auto let_in = Open(As("dana"));
  RawConnection browser(gateway_->address());
  browser.Send(absl::StrCat("GET ", kEvents,
                            " HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n",
                            "Authorization: Bearer ", TokenOf("dana", "member", kOrg), "\r\n\r\n"));
  const std::string answer = browser.ReadToEnd();
  EXPECT_EQ(answer.rfind("HTTP/1.1 200 ", 0), 0U) << answer;
  EXPECT_NE(answer.find("Content-Type: text/event-stream\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\n\r\nretry: "), std::string::npos) << answer;
  EXPECT_NE(answer.find("event: stale\ndata: {"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\"reason\":\"RATE_LIMITED\""), std::string::npos) << answer;
  // A program that asks for no stream is told in a status.
  EXPECT_EQ(Get(kEvents).status, 429);
}

TEST_F(EventFaultsTest, ADrainWaitsForABrowserThatDoesNotReadOnlyForItsGrace) {
  options_.events.pending_bytes_max = 64 * 1024 * 1024;
  StartGatewayAnew();
  auto reader = OpenNow();
  const auto sleeper = OpenSleeper(kEvents);
  ASSERT_TRUE(AwaitStreams(2));
  const std::string large(kLargeBytes, 'x');
  for (int i = 0; i < 100; ++i) {
    comments_->Post(kOrg, kInvoiceId, large);
    EXPECT_EQ(NextBody(*reader), large);
  }
  reader.reset();
  ASSERT_TRUE(AwaitStreams(1));
  gateway_->Drain(absl::Milliseconds(100));
  EXPECT_TRUE(AwaitStreams(1));
  gateway_.reset();
  // The end comes behind what the kernel still holds for it.
  const std::string received = sleeper->ReadToEnd();
  EXPECT_GT(received.size(), kLargeBytes);
  EXPECT_LT(received.size(), 100 * kLargeBytes);
}

}  // namespace
}  // namespace marginalia
