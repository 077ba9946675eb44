// The event streams of browsers.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/tokens/consistency_token.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/gateway/raw_connection.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr char kOtherInvoice[] = "5f9d2c1e-0000-4000-8000-000000001043";

class EventsTest : public GatewayFixture {
 protected:
  EventsTest() {
    comments_->AddInvoice(kOrg, kOtherInvoice);
    options_.events.heartbeat = absl::Milliseconds(50);
    StartGateway();
    AwaitReady();
  }
};

// What has happened in the thread after a token.
class ChangesTest : public EventsTest {
 protected:
  std::string Token() { return std::string(Json(Get(kThread)).at("consistencyToken").as_string()); }
  HttpAnswer Changes(const std::string& after, const HttpClient::Headers& headers) {
    return Get(absl::StrCat("/api/invoices/", kInvoiceId, "/changes?after=", after), headers);
  }
  HttpAnswer Changes(const std::string& after) { return Changes(after, As("dana")); }
  static std::vector<std::string> BodiesIn(const HttpAnswer& changes) {
    std::vector<std::string> bodies;
    const boost::json::value answer = Json(changes);
    for (const auto& event : answer.at("events").as_array()) {
      bodies.emplace_back(event.at("comment").at("body").as_string());
    }
    return bodies;
  }
  static std::string NextToken(const HttpAnswer& changes) {
    return std::string(Json(changes).at("nextToken").as_string());
  }
  // A gateway that remembers nothing of what was.
  void Restart() {
    StartGateway();
    AwaitReady();
  }
};

TEST_F(ChangesTest, AreToldFromMemoryInOrderAndOnce) {
  const std::string token = Token();
  comments_->Post(kOrg, kInvoiceId, "one");
  comments_->Post(kOrg, kOtherInvoice, "another thread's");
  const auto stream = Open(Resuming(token));
  NextBody(*stream);
  const HttpAnswer changes = Changes(token);
  EXPECT_EQ(changes.status, 200);
  EXPECT_EQ(BodiesIn(changes), std::vector<std::string>{"one"});
  EXPECT_TRUE(BodiesIn(Changes(NextToken(changes))).empty());
  EXPECT_EQ(comments_->watches(), 1);
}

TEST_F(ChangesTest, AfterARestartOfTheGatewayAreReadFromTheService) {
  const std::string token = Token();
  comments_->Post(kOrg, kInvoiceId, "one");
  comments_->Post(kOrg, kOtherInvoice, "another thread's");
  comments_->Post(kOrg, kInvoiceId, "two");
  Restart();
  const HttpAnswer changes = Changes(token);
  ASSERT_EQ(changes.status, 200);
  EXPECT_EQ(BodiesIn(changes), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(BodiesIn(Changes(NextToken(changes))).empty());
  comments_->Post(kOrg, kInvoiceId, "three");
  EXPECT_EQ(NextBody(*Open(Resuming(NextToken(changes)))), "three");
  EXPECT_EQ(BodiesIn(Changes(NextToken(changes))), std::vector<std::string>{"three"});
  // The watch that it took is over.
  comments_->AwaitWatches(1);
}

TEST_F(ChangesTest, OfAPastThatIsRetainedNoLongerAreGone) {
  const std::string token = Token();
  for (int i = 0; i < 3; ++i) comments_->Post(kOrg, kInvoiceId, "x");
  Restart();
  comments_->CompactUpTo(2);
  const HttpAnswer gone = Changes(token);
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(ReasonOfProblem(gone), "EVENTS_COMPACTED");
  comments_->StartNewLog();
  const HttpAnswer other = Changes(token);
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(ReasonOfProblem(other), "RESUME_TOKEN_INVALID");
  EXPECT_EQ(Json(other).at("errors").at(0).at("field"), "after");
}

TEST_F(ChangesTest, OfManyEventsComeInPartsThatLeadOn) {
  const std::string token = Token();
  for (std::size_t i = 0; i < kChangesEventsMax + 7; ++i) {
    comments_->Post(kOrg, kInvoiceId, absl::StrCat(i));
  }
  Restart();
  const HttpAnswer first = Changes(token);
  EXPECT_EQ(BodiesIn(first).size(), kChangesEventsMax);
  const std::vector<std::string> rest = BodiesIn(Changes(NextToken(first)));
  ASSERT_EQ(rest.size(), 7U);
  EXPECT_EQ(rest.front(), absl::StrCat(kChangesEventsMax));
}

TEST_F(ChangesTest, OfLargeEventsComeInPartsThatLeadOn) {
  std::string token = Token();
  const std::string large(60'000, 'x');
  for (int i = 0; i < 10; ++i) comments_->Post(kOrg, kInvoiceId, large);
  comments_->SetBatchEventsMax(2);
  Restart();
  std::size_t told = 0;
  for (int asked = 0; told < 10; ++asked) {
    ASSERT_LT(asked, 4);
    const HttpAnswer changes = Changes(token);
    EXPECT_LT(changes.body.size(), kChangesBytesMax + 2 * large.size() + 1000);
    told += BodiesIn(changes).size();
    token = NextToken(changes);
  }
  EXPECT_EQ(told, 10U);
}

TEST_F(ChangesTest, OfAnotherTenantsThreadAreThoseOfNone) {
  const std::string token = Token();
  comments_->Post(kOrg, kInvoiceId, "one");
  Restart();
  const HttpClient::Headers mallory = As("mallory", "member", "rivalworks");
  // Neither the token nor the thread is hers.
  EXPECT_EQ(ReasonOfProblem(Changes(token, mallory)), "RESUME_TOKEN_INVALID");
  const std::string own = MakeConsistencyToken({comments_->log_id(), 1}, "rivalworks");
  EXPECT_EQ(Changes(own, mallory).status, 404);
  EXPECT_EQ(Get(absl::StrCat("/api/invoices/", kInvoiceId, "/changes")).status, 400);
  EXPECT_EQ(Changes("nonsense").status, 400);
}

TEST_F(EventsTest, OneSubscriptionServesAllBrowsers) {
  std::vector<std::unique_ptr<HttpClient>> browsers;
  for (int i = 0; i < 20; ++i) browsers.push_back(OpenNow());
  comments_->Post(kOrg, kInvoiceId, "to all");
  for (const auto& browser : browsers) EXPECT_EQ(NextBody(*browser), "to all");
  EXPECT_EQ(comments_->watches(), 1);
}

TEST_F(EventsTest, OnlyTheThreadsOwnEventsArrive) {
  const std::string rival = "9f9d2c1e-0000-4000-8000-000000000001";
  comments_->AddInvoice("rivalworks", rival);
  const auto browser = OpenNow();
  comments_->Post("rivalworks", rival, "another tenant's");
  comments_->Post(kOrg, kOtherInvoice, "another thread's");
  comments_->Post(kOrg, kInvoiceId, "ours");
  EXPECT_EQ(NextBody(*browser), "ours");
}

TEST_F(EventsTest, ABrowserThatComesBackMissesNothingAndHearsNothingTwice) {
  auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  const std::string last = Next(*browser, "one");
  browser.reset();
  comments_->Post(kOrg, kInvoiceId, "two");
  comments_->Post(kOrg, kInvoiceId, "three");
  browser = Open(Resuming(last));
  Next(*browser, "two");
  Next(*browser, "three");
  comments_->Post(kOrg, kInvoiceId, "four");
  Next(*browser, "four");
}

TEST_F(EventsTest, AStreamSaysThatItIsCurrentOnceAllThatHappenedBeforeIsTold) {
  auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  const std::string last = Next(*browser, "one");
  comments_->Post(kOrg, kInvoiceId, "two");
  Next(*browser, "two");
  browser = Open(Resuming(last));
  for (const std::string_view name : {"comment_added", "current"}) {
    const auto event = browser->NextEvent();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->event, name);
  }
}

TEST_F(EventsTest, WhatIsNoLongerInMemoryIsReadFromTheService) {
  auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  const std::string last = Next(*browser, "one");
  for (int i = 0; i < 300; ++i) comments_->Post(kOrg, kInvoiceId, std::to_string(i));
  StartGateway();
  AwaitReady();
  browser = Open(Resuming(last));
  for (int i = 0; i < 300; ++i) Next(*browser, std::to_string(i));
  comments_->Post(kOrg, kInvoiceId, "live");
  Next(*browser, "live");
}

TEST_F(EventsTest, ARestartOfTheServiceLosesNothing) {
  const auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "before");
  Next(*browser, "before");
  comments_->Stop();
  comments_->Post(kOrg, kInvoiceId, "meanwhile");
  comments_->Start();
  comments_->Post(kOrg, kInvoiceId, "after");
  Next(*browser, "meanwhile");
  Next(*browser, "after");
}

TEST_F(EventsTest, AHeartbeatKeepsTheStreamOpenAndCarriesThePlace) {
  const std::string token = TokenOf("dana", "member", kOrg);
  RawConnection browser(gateway_->address());
  browser.Send(absl::StrCat("GET ", kEvents, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
                            token, "\r\n\r\n"));
  EXPECT_NE(browser.ReadUntil(": heartbeat\nid: "), "");
}

TEST_F(EventsTest, ACommentWithLineBreaksStaysOneEvent) {
  const auto browser = OpenNow();
  const std::string hostile =
      "a\r\n\r\nevent: forged\ndata: {}\n\n\xe2\x80\xa8"
      "b";
  comments_->Post(kOrg, kInvoiceId, hostile);
  EXPECT_EQ(NextBody(*browser), hostile);
}

TEST_F(EventsTest, APlaceThatIsRetainedNoLongerIsGone) {
  for (int i = 0; i < 3; ++i) comments_->Post(kOrg, kInvoiceId, "old");
  comments_->CompactUpTo(2);
  StartGateway();
  AwaitReady();
  const std::string old = MakeConsistencyToken({comments_->log_id(), 0}, kOrg);
  const HttpAnswer answer = Get(kEvents, Resuming(old));
  EXPECT_EQ(answer.status, 410) << answer.body;
  EXPECT_EQ(ReasonOfProblem(answer), "EVENTS_COMPACTED");
}

TEST_F(EventsTest, AForgedOrForeignPlaceIsRefused) {
  const std::string foreign = MakeConsistencyToken({comments_->log_id(), 0}, "rivalworks");
  for (const std::string& token : {foreign, std::string("forged")}) {
    const HttpAnswer answer = Get(kEvents, Resuming(token));
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(ReasonOfProblem(answer), "RESUME_TOKEN_INVALID");
  }
}

TEST_F(EventsTest, AStreamEndsWhenItsTokenExpires) {
  const std::string token = TokenOf("dana", "member", kOrg, absl::Seconds(2));
  const auto browser = Open({{"Authorization", "Bearer " + token}});
  while (browser->NextEvent().has_value()) {
  }
  EXPECT_TRUE(AwaitStreams(0));
}

TEST_F(EventsTest, OnePersonHasOnlySoManyStreams) {
  options_.sse_clients_per_user_max = 2;
  StartGateway();
  AwaitReady();
  const auto first = OpenNow();
  auto second = OpenNow();
  const HttpAnswer third = Get(kEvents);
  EXPECT_EQ(third.status, 429) << third.body;
  EXPECT_EQ(ReasonOfProblem(third), "TOO_MANY_STREAMS");
  EXPECT_EQ(third.headers.count("retry-after"), 1U);
  // A browser is answered so that it comes back.
  HttpClient browser(gateway_->address());
  EXPECT_EQ(browser.OpenStream(kEvents, As("dana")).status, 200);
  const auto refused = browser.NextEvent();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->event, "stale");
  EXPECT_EQ(document_->CheckSchema("Problem", refused->data), "") << refused->data;
  EXPECT_EQ(boost::json::parse(refused->data).at("reason"), "TOO_MANY_STREAMS");
  EXPECT_FALSE(browser.NextEvent().has_value());
  EXPECT_TRUE(IsLetIn(As("sam", "viewer")));
  second.reset();
  EXPECT_TRUE(Await([this] { return IsLetIn(As("dana")); }));
}

TEST_F(EventsTest, ABrowserThatDoesNotReadIsCutAndTheOthersAreNot) {
  const auto reader = OpenNow();
  RawConnection sleeper(gateway_->address(), /*receive_buffer_bytes=*/4 * 1024);
  sleeper.Send(absl::StrCat("GET ", kEvents, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
                            TokenOf("sam", "viewer", kOrg), "\r\n\r\n"));
  ASSERT_NE(sleeper.ReadUntil("checkpoint"), "");
  ASSERT_TRUE(AwaitStreams(2));
  const std::string large(8'000, 'x');
  // Far more than the kernel's buffers and the gateway's own hold.
  for (int i = 0; i < 1'000; ++i) {
    comments_->Post(kOrg, kInvoiceId, large);
    ASSERT_EQ(NextBody(*reader), large);
  }
  EXPECT_TRUE(AwaitStreams(1));
}

TEST_F(EventsTest, ADrainEndsTheStreamsAfterTheirLastEvent) {
  const auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "last");
  Next(*browser, "last");
  gateway_->Drain(absl::Seconds(10));
  while (const auto event = browser->NextEvent()) EXPECT_EQ(event->event, "heartbeat");
}

TEST_F(EventsTest, WithoutASubscriptionANewStreamSaysSo) {
  comments_->Stop();
  AwaitNotReady();
  const auto browser = Open(As("dana"));
  const auto first = browser->NextEvent();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->event, "stale");
}

}  // namespace
}  // namespace marginalia
