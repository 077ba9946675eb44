// The session cookie, signing in and out, the pages of failures, and the files of pages.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/http/gate/ended_sessions.h"
#include "gateway/http/gate/session_cookie.h"
#include "gateway/http/message.h"
#include "gateway/pages/frame/assets.h"
#include "tests/gateway/pages_fixture.h"

namespace marginalia {
namespace {

constexpr char kDana[] = "person=dana%40northlight&next=%2Finvoices%2FINV-1042%3Factivity%3Dopen";

class SignInTest : public PagesFixture {
 protected:
  SignInTest() : PagesFixture(DemoSignIn::kOn) {}
  HttpClient::Headers OwnPage() const { return {{"Sec-Fetch-Site", "same-origin"}}; }
};

TEST_F(SignInTest, WhoeverIsNotSignedInIsSentToChooseAndComesBack) {
  const HttpAnswer away = Page("/invoices/INV-1042?activity=open", {});
  EXPECT_EQ(away.status, 303);
  const std::string sign_in = HeaderOf(away, "location");
  EXPECT_EQ(sign_in, "/sign-in?next=%2Finvoices%2FINV-1042%3Factivity%3Dopen");
  const HttpAnswer page = Page(sign_in, {});
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, "name=\"next\" value=\"/invoices/INV-1042?activity=open\""));
  EXPECT_TRUE(Has(page, "name=\"person\" value=\"dana@northlight\""));
  EXPECT_TRUE(Has(page, "<h2 id=\"org-2\">The rivalworks</h2>"));
  EXPECT_TRUE(Has(page, "<bdi>Dana &lt;b&gt;</bdi>"));
  EXPECT_FALSE(Has(page, TokenOf("dana", "member", kOrg).substr(0, 20)));

  const HttpAnswer chosen = Submit("/sign-in", kDana, OwnPage());
  EXPECT_EQ(chosen.status, 303);
  EXPECT_EQ(HeaderOf(chosen, "location"), "/invoices/INV-1042?activity=open");
  const std::string cookie = HeaderOf(chosen, "set-cookie");
  EXPECT_EQ(cookie.rfind("__Host-marginalia=ey", 0), 0U) << cookie;
  EXPECT_TRUE(absl::StrContains(cookie, "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=35"))
      << cookie;
  const HttpAnswer back = Page(kPage, {{"Cookie", cookie.substr(0, cookie.find(';'))}});
  EXPECT_EQ(back.status, 200);
  EXPECT_TRUE(Has(back, "<form method=\"post\" action=\"/sign-out\">"));
}

TEST_F(SignInTest, TheFileIsReadAnewEachTime) {
  std::remove(options_.demo_people_path.c_str());
  EXPECT_EQ(Page("/sign-in", {}).status, 500);
  EXPECT_EQ(Submit("/sign-in", kDana, OwnPage()).status, 500);
}

TEST_F(SignInTest, NobodySignsInFromAnotherSiteOrAsAStranger) {
  EXPECT_EQ(Submit("/sign-in", kDana, {{"Sec-Fetch-Site", "cross-site"}}).status, 403);
  EXPECT_EQ(Submit("/sign-in", kDana, {}).status, 403);
  HttpClient::Headers elsewhere = InBrowser("dana");
  elsewhere.emplace_back("Origin", "https://evil.example");
  EXPECT_EQ(Submit("/sign-out", "", elsewhere).status, 403);
  EXPECT_EQ(Send("POST", "/sign-in", OwnPage(), kDana, "text/plain").status, 415);
  const HttpAnswer stranger = Submit("/sign-in", "person=eve%40northlight", OwnPage());
  EXPECT_EQ(stranger.status, 400);
  EXPECT_EQ(HeaderOf(stranger, "set-cookie"), "");
}

// A browser throws the Secure cookie away there, and would be asked to sign in for ever.
TEST_F(SignInTest, WhereNoBrowserKeepsTheSessionThePersonIsToldWhy) {
  for (const char* host :
       {"app.example:8080", "192.168.0.7", "127.0.0.1.nip.io", "[fe80::1]:8080"}) {
    const HttpAnswer answer =
        Submit("/sign-in", kDana, {{"Host", host}, {"Origin", absl::StrCat("http://", host)}});
    EXPECT_EQ(answer.status, 400) << host;
    EXPECT_TRUE(Has(answer, "HTTPS")) << answer.body;
    EXPECT_EQ(HeaderOf(answer, "set-cookie"), "");
  }
  for (const char* origin : {"https://app.example", "http://localhost:8080", "http://dev.localhost",
                             "http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:8080"}) {
    const std::string host = std::string(origin).substr(std::string(origin).find("//") + 2);
    EXPECT_EQ(Submit("/sign-in", kDana, {{"Host", host}, {"Origin", origin}}).status, 303)
        << origin;
  }
}

TEST_F(SignInTest, SigningInLeadsNowhereElse) {
  for (const char* next : {"%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example",
                           "%2Fa%0D%0ASet-Cookie%3Ax", ""}) {
    const HttpAnswer answer =
        Submit("/sign-in", absl::StrCat("person=dana%40northlight&next=", next), OwnPage());
    EXPECT_EQ(HeaderOf(answer, "location"), "/invoices") << next;
  }
}

TEST_F(SignInTest, SigningOutForgetsTheToken) {
  const HttpAnswer out = Submit("/sign-out", "", FromOwnPage("dana"));
  EXPECT_EQ(out.status, 303);
  EXPECT_EQ(HeaderOf(out, "location"), "/sign-in");
  EXPECT_EQ(HeaderOf(out, "set-cookie"),
            "__Host-marginalia=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
}

class SignedOutTest : public SignInTest {
 protected:
  SignedOutTest() {
    comments_->Post(kOrg, kInvoiceId, "seen");
    AwaitHeard();
  }
  // Signs in as dana, in the place of what the browser had.
  HttpClient::Headers SignInAgain(HttpClient::Headers before = {}) {
    before.emplace_back("Sec-Fetch-Site", "same-origin");
    const HttpAnswer chosen = Submit("/sign-in", kDana, before);
    const std::string cookie = HeaderOf(chosen, "set-cookie");
    return {{"Cookie", cookie.substr(0, cookie.find(';'))}, {"Sec-Fetch-Site", "same-origin"}};
  }
  static void ReadToItsEnd(HttpClient& stream) {
    while (stream.NextEvent().has_value()) {
    }
  }
};

TEST_F(SignedOutTest, TheStreamsOfASessionEndWithItAndItIsGoodForNothingMore) {
  const HttpClient::Headers session = SignInAgain();
  const auto stream = Open(session);
  EXPECT_EQ(Submit("/sign-out", "", session).status, 303);
  ReadToItsEnd(*stream);
  EXPECT_TRUE(AwaitStreams(0));
  for (const char* path : {kThread, kEvents, "/api/activity"}) {
    const HttpAnswer refused = Get(path, session);
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_EQ(ReasonOfProblem(refused), "TOKEN_INVALID") << path;
  }
  EXPECT_EQ(Page(kPage, session).status, 303);
  EXPECT_EQ(Submit("/sign-out", "", session).status, 401);
}

TEST_F(SignedOutTest, OtherSessionsOfTheSamePersonGoOn) {
  const HttpClient::Headers session = SignInAgain();
  const HttpClient::Headers other = SignInAgain();
  const auto stream = Open(other);
  EXPECT_EQ(NextNamed(*stream).event, "checkpoint");
  EXPECT_EQ(Submit("/sign-out", "", session).status, 303);
  EXPECT_EQ(Get(kThread, other).status, 200);
  EXPECT_EQ(Get(kThread).status, 200);
  comments_->Post(kOrg, kInvoiceId, "still heard");
  EXPECT_EQ(NextBody(*stream), "still heard");
  EXPECT_EQ(Get(kThread, SignInAgain()).status, 200);
}

TEST_F(SignedOutTest, WhoeverSignsInTakesThePlaceOfTheSessionBefore) {
  const HttpClient::Headers session = SignInAgain();
  ASSERT_EQ(Get(kThread, session).status, 200);
  const auto stream = Open(session);
  const HttpClient::Headers after = SignInAgain({session[0]});
  ReadToItsEnd(*stream);
  EXPECT_EQ(Get(kThread, session).status, 401);
  EXPECT_EQ(Get(kThread, after).status, 200);
}

TEST(EndedSessionsTest, AreForgottenWhenTheirTokensExpireOrThereAreTooMany) {
  const absl::Time now = absl::FromUnixSeconds(1'000);
  EndedSessions ended(2);
  ended.Add(SessionKeyOf("a"), now + absl::Seconds(10), now);
  ended.Add(SessionKeyOf("over"), now, now);
  EXPECT_TRUE(ended.Has("a"));
  EXPECT_FALSE(ended.Has("over"));
  ended.Add(SessionKeyOf("b"), now + absl::Seconds(5), now);
  ended.Add(SessionKeyOf("c"), now + absl::Seconds(20), now);
  EXPECT_TRUE(ended.Has("a") && !ended.Has("b") && ended.Has("c"));
  ended.Add(SessionKeyOf("d"), now + absl::Seconds(20), now + absl::Seconds(10));
  EXPECT_TRUE(!ended.Has("a") && ended.Has("c") && ended.Has("d"));
  EXPECT_EQ(ended.size(), 2U);
}

TEST_F(SignInTest, ASessionThatEndedLeadsToSignInOnlyWhereAPersonIsReading) {
  const HttpClient::Headers ended = {
      {"Cookie", "__Host-marginalia=" + TokenOf("dana", "member", kOrg, -absl::Hours(1))},
      {"Sec-Fetch-Site", "same-origin"}};
  EXPECT_EQ(Page(kPage, ended).status, 303);
  EXPECT_EQ(Send("GET", std::string(kPage) + "/summary", ended).status, 401);
  const HttpAnswer api = Get(kThread, ended);
  EXPECT_EQ(api.status, 401);
  EXPECT_EQ(ReasonOfProblem(api), "TOKEN_INVALID");
}

TEST_F(SignInTest, WhatIsSentWhenTheSessionHasEndedStaysReadableAndSigningInLeadsBackToItsPage) {
  const std::string old = TokenOf("dana", "member", kOrg, -absl::Hours(1));
  const HttpClient::Headers ended = {{"Cookie", "__Host-marginalia=" + old},
                                     {"Sec-Fetch-Site", "same-origin"}};
  const std::string comment = absl::StrCat(kForm, "/2f1d1f0e-5a0b-4a5e-9a63-0d3c1b8a7e11");
  for (const auto& [path, field] : {std::pair<std::string, std::string>(kForm, "body"),
                                    {comment + "/edit", "body"},
                                    {comment + "/remove", "reason"}}) {
    const HttpAnswer refused = Submit(path, field + "=%0D%0Atyped+%26+lost", ended);
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_TRUE(Has(refused, "readonly>\n\ntyped &amp; lost</textarea>")) << refused.body;
    const std::string sign_in =
        absl::StrCat("/sign-in?next=", absl::StrReplaceAll(path, {{"/", "%2F"}}));
    EXPECT_TRUE(Has(refused, absl::StrCat("href=\"", sign_in, "\">Sign in</a>"))) << refused.body;
  }
  const HttpAnswer out = Submit("/sign-out", "", ended);
  EXPECT_TRUE(Has(out, "href=\"/sign-in?next=%2Fsign-out\">Sign in</a>"));
  EXPECT_FALSE(Has(out, "<textarea"));
  EXPECT_EQ(HeaderOf(Page("/sign-out", {}), "location"), "/invoices");
}

TEST_F(SignInTest, WordsThatAnotherSiteSendsAreNotGivenOutAsTheReadersOwn) {
  for (const HttpClient::Headers& headers :
       {HttpClient::Headers{{"Sec-Fetch-Site", "cross-site"}},
        HttpClient::Headers{{"Origin", "https://evil.example"}}, InBrowser("dana")}) {
    const HttpAnswer refused = Submit(kForm, "body=Call+this+number", headers);
    EXPECT_GE(refused.status, 401);
    EXPECT_FALSE(Has(refused, "Call this number")) << refused.body;
  }
}

TEST_F(SignInTest, SigningOutOnAnotherPersonsPageEndsNobodysSession) {
  const HttpAnswer page = Page(kPage, InBrowser("dana"));
  const std::string form = Between(page.body, "action=\"/sign-out\">", "</form>");
  EXPECT_EQ(Between(form, "name=\"viewer\" value=\"", "\""), "dana@northlight");
  const HttpAnswer refused = Submit("/sign-out", "viewer=dana%40northlight", FromOwnPage("priya"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(HeaderOf(refused, "set-cookie"), "");
  EXPECT_TRUE(Has(refused, "href=\"/sign-out\">Go on as priya</a>")) << refused.body;
  EXPECT_EQ(Page(kPage, InBrowser("priya")).status, 200);
  EXPECT_EQ(Submit("/sign-out", "viewer=dana%40northlight", FromOwnPage("dana")).status, 303);
}

class SessionTest : public PagesFixture {};

TEST_F(SessionTest, TheApiTakesTheCookieAndPrefersTheHeader) {
  comments_->Post(kOrg, kInvoiceId, "seen");
  EXPECT_EQ(Get(kThread, InBrowser("dana")).status, 200);
  HttpClient::Headers both = InBrowser("dana");
  both.emplace_back("Authorization", As("mallory", "admin", "rivalworks")[0].second);
  EXPECT_EQ(Get(kThread, both).status, 404);
  both.back().second = "Bearer nonsense";
  EXPECT_EQ(Get(kThread, both).status, 401);
  both.back().second = "Basic eDp5";
  EXPECT_EQ(Get(kThread, both).status, 401);
  auto stream = Open(InBrowser("dana"));
  EXPECT_EQ(NextNamed(*stream).event, "checkpoint");
}

TEST_F(SessionTest, WithoutADemoNobodyCanSignIn) {
  const HttpAnswer page = Page(kPage, {});
  EXPECT_EQ(page.status, 401);
  EXPECT_EQ(HeaderOf(page, "www-authenticate"), "Bearer");
  EXPECT_TRUE(Has(page, "Nobody is signed in in this browser."));
  EXPECT_FALSE(Has(page, "<nav"));
  EXPECT_EQ(Page("/sign-in", {}).status, 404);
  EXPECT_EQ(Submit("/sign-in", kDana, {{"Sec-Fetch-Site", "same-origin"}}).status, 404);
}

TEST_F(SessionTest, WhoCameWithATokenOfAProxyIsNotOfferedToSignOut) {
  EXPECT_FALSE(Has(Page(kPage), "/sign-out"));
}

TEST_F(SessionTest, OnlyACookieOfThatVeryNameIsOne) {
  const auto token = [](const std::vector<HeaderField>& headers) {
    HttpRequest request;
    request.headers = headers;
    return std::string(TokenOfSession(SessionOf(request)));
  };
  EXPECT_EQ(token({{"Cookie", "__Host-marginalia=a.b-c_d"}}), "a.b-c_d");
  EXPECT_EQ(token({{"cookie", "x=1;__Host-marginalia=a; y=2"}}), "a");
  EXPECT_EQ(token({{"Cookie", "__Host-marginalia=a.b-c_d~one~two"}}), "a.b-c_d");
  EXPECT_EQ(token({{"Cookie", "x=1"}, {"Cookie", "__Host-marginalia=a"}}), "a");
  EXPECT_EQ(token({{"Cookie", "__host-marginalia=a; marginalia=b; x__Host-marginalia=c"}}), "");
  EXPECT_EQ(token({{"Cookie", "__Host-marginalia"}}), "");
  EXPECT_EQ(token({{"Cookie", "__Host-marginalia="}}), "");
  EXPECT_EQ(token({{"X-Cookie", "__Host-marginalia=a"}}), "");
  EXPECT_EQ(token({}), "");
}

TEST_F(SessionTest, FailuresArePagesForPeopleAndProblemsForPrograms) {
  const HttpClient::Headers person = InBrowser("dana");
  const HttpAnswer lost = Page("/no-such-page", person);
  EXPECT_EQ(lost.status, 404);
  EXPECT_TRUE(Has(lost, "<h1>This cannot be found</h1>"));
  const HttpAnswer wrong = Send("DELETE", "/invoices", person);
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(HeaderOf(wrong, "allow"), "GET, HEAD");
  EXPECT_TRUE(Has(wrong, "This path takes GET, HEAD."));
  EXPECT_EQ(Page("/invoices/%zz", person).status, 400);
  EXPECT_EQ(ReasonOfProblem(Get("/no-such-page", {})), "PATH_NOT_FOUND");
  EXPECT_EQ(ReasonOfProblem(Get("/api/no-such-thing", person)), "PATH_NOT_FOUND");
}

TEST_F(SessionTest, AssetsAreKeptForGoodInTheSmallestCoding) {
  ASSERT_GE(Assets().size(), 3U);
  for (const char* name : {"leaf.js", "page.css", "icon.svg"}) {
    const std::string path(AssetPath(name));
    const HttpAnswer plain = Send("GET", path, {});
    EXPECT_EQ(plain.status, 200) << name;
    EXPECT_EQ(HeaderOf(plain, "cache-control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(HeaderOf(plain, "vary"), "Accept-Encoding");
    EXPECT_EQ(HeaderOf(plain, "content-encoding"), "");
    const HttpAnswer brotli = Send("GET", path, {{"Accept-Encoding", "gzip, br"}});
    EXPECT_EQ(HeaderOf(brotli, "content-encoding"), "br");
    EXPECT_EQ(HeaderOf(brotli, "content-type"), HeaderOf(plain, "content-type"));
    const HttpAnswer gzip = Send("GET", path, {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(HeaderOf(gzip, "content-encoding"), "gzip");
    EXPECT_EQ(gzip.body.substr(0, 2), "\x1F\x8B");
    EXPECT_NE(HeaderOf(gzip, "etag"), HeaderOf(brotli, "etag"));
    const HttpAnswer again =
        Send("GET", path, {{"Accept-Encoding", "gzip"}, {"If-None-Match", HeaderOf(gzip, "etag")}});
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
  }
  EXPECT_EQ(HeaderOf(Send("GET", std::string(AssetPath("leaf.js")), {}), "content-type"),
            "text/javascript; charset=utf-8");
  EXPECT_EQ(Page("/assets/leaf-00000000.js", {}).status, 404);
  EXPECT_EQ(AssetPath("no-such-asset"), "");
}

TEST_F(SessionTest, EveryPageNamesAssetsThatAreThere) {
  const HttpAnswer page = Page(kPage);
  EXPECT_TRUE(Has(page, absl::StrCat("src=\"", std::string(AssetPath("leaf.js")), "\"")));
  EXPECT_TRUE(Has(page, absl::StrCat("href=\"", std::string(AssetPath("page.css")), "\"")));
  EXPECT_TRUE(Has(page, absl::StrCat("href=\"", std::string(AssetPath("icon.svg")), "\"")));
}

}  // namespace
}  // namespace marginalia
