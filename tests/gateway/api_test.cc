// The routes of the API: what they answer, refuse and forward.
#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/rpc/client/service_config.h"
#include "tests/gateway/gateway_fixture.h"

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr char kCommentId[] = "2f1d1f0e-5a0b-4a5e-9a63-0d3c1b8a7e11";

class ApiTest : public GatewayFixture {
 protected:
  ApiTest() {
    invoices::v1::Invoice invoice;
    invoice.set_invoice_id(kInvoiceId);
    invoice.set_number(kInvoiceNumber);
    invoice.mutable_customer()->set_name("Acme Corp");
    invoice.set_currency("USD");
    invoice.set_due_date("2026-06-30");
    invoice.set_status(invoices::v1::INVOICE_STATUS_SENT);
    invoice.set_version(2);
    invoices_->Add(kOrg, invoice, 3);
    StartGateway();
    AwaitReady();
  }

  static std::string HeaderOf(const HttpAnswer& answer, const std::string& name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? "" : found->second;
  }
  HttpAnswer GetIfChanged(const std::string& target, const std::string& tag) {
    HttpClient::Headers headers = As("dana");
    headers.emplace_back("If-None-Match", tag);
    return Get(target, headers);
  }
  // Posts to the thread under that Content-Type.
  HttpAnswer PostAs(const std::string& type, const std::string& body) {
    return client_->SendRaw(
        absl::StrCat("POST ", kThread, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ",
                     TokenOf("dana", "member", kOrg), "\r\nContent-Type: ", type,
                     "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  }
  // The one field that an answer of 400 names.
  static std::string FieldOf(const HttpAnswer& answer) {
    EXPECT_EQ(answer.status, 400) << answer.body;
    const json::value problem = Json(answer);
    if (!problem.as_object().contains("errors")) return "";
    return std::string(problem.at_pointer("/errors/0/field").as_string());
  }
};

TEST_F(ApiTest, APostedCommentIsCreatedAndItsReplayIsNot) {
  const std::string body = absl::StrCat(R"({"id":")", kCommentId, R"(","body":"Please check."})");
  const HttpAnswer first = Post(kThread, body);
  EXPECT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(Json(first).at_pointer("/comment/commentId"), kCommentId);
  EXPECT_FALSE(Json(first).at("consistencyToken").as_string().empty());
  const HttpAnswer again = Post(kThread, body);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Json(again).at("comment"), Json(first).at("comment"));
}

TEST_F(ApiTest, WhatWasCreatedIsFoundWhereTheAnswerSays) {
  const HttpAnswer posted = Post("/api/invoices/INV-1042/comments",
                                 absl::StrCat(R"({"id":")", kCommentId, R"(","body":"Here."})"));
  ASSERT_EQ(posted.status, 201) << posted.body;
  const std::string place = HeaderOf(posted, "location");
  EXPECT_EQ(place, absl::StrCat(kThread, "/", kCommentId));
  const HttpAnswer found = Get(place);
  ASSERT_EQ(found.status, 200) << found.body;
  EXPECT_EQ(Json(found).at("comment"), Json(posted).at("comment"));
  const std::string tag = HeaderOf(found, "etag");
  EXPECT_EQ(GetIfChanged(place, tag).status, 304);
  const HttpAnswer again =
      Post(kThread, absl::StrCat(R"({"id":")", kCommentId, R"(","body":"Here."})"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(HeaderOf(again, "location"), "");
}

TEST_F(ApiTest, ACommentThatIsNotThereIsNotFound) {
  const HttpAnswer missing = Get(absl::StrCat(kThread, "/", kCommentId));
  EXPECT_EQ(missing.status, 404) << missing.body;
  EXPECT_EQ(ReasonOfProblem(missing), "COMMENT_NOT_FOUND");
  EXPECT_EQ(FieldOf(Get(absl::StrCat(kThread, "/no-uuid"))), "commentId");
  const HttpAnswer foreign =
      Get(absl::StrCat(kThread, "/", kCommentId), As("eve", "admin", "rivalworks"));
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(ReasonOfProblem(foreign), "INVOICE_NOT_FOUND");
}

TEST_F(ApiTest, JsonIsTakenUnderEveryNameThatUtf8HasAndBehindAByteOrderMark) {
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=UTF8", "application/json; charset=\"utf8\"",
        "application/json; profile=x ; CharSet=utf-8"}) {
    EXPECT_EQ(PostAs(type, R"({"body":"x"})").status, 201) << type;
    EXPECT_EQ(PostAs(type, "\xEF\xBB\xBF{\"body\":\"x\"}").status, 201) << type;
  }
  for (const char* type : {"application/json; charset=utf-16", "application/json; charset=",
                           "application/jsonx", "text/json", "application/json, text/html"}) {
    EXPECT_EQ(PostAs(type, R"({"body":"x"})").status, 415) << type;
  }
}

TEST_F(ApiTest, AThreadIsPagedByItsCursors) {
  for (int i = 1; i <= 5; ++i) comments_->Post(kOrg, kInvoiceId, std::to_string(i));
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const HttpAnswer page = Get(absl::StrCat(kThread, "?limit=2&cursor=", cursor));
    ASSERT_EQ(page.status, 200) << page.body;
    const json::value shown = Json(page);
    for (const json::value& comment : shown.at("comments").as_array()) {
      seen.emplace_back(comment.at("body").as_string());
    }
    EXPECT_EQ(shown.at("totalSize"), 5);
    cursor = std::string(shown.at("nextCursor").as_string());
  } while (!cursor.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"5", "4", "3", "2", "1"}));
}

TEST_F(ApiTest, AnUnchangedPageIsAnsweredWithoutAskingUpstream) {
  comments_->Post(kOrg, kInvoiceId, "first");
  const HttpAnswer page = Get(kThread);
  const std::string tag = HeaderOf(page, "etag");
  // The consistency token in the body differs from answer to answer.
  ASSERT_EQ(tag.substr(0, 3), "W/\"");
  const int asked = comments_->list_calls();
  const HttpAnswer unchanged = GetIfChanged(kThread, tag);
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  EXPECT_EQ(HeaderOf(unchanged, "etag"), tag);
  EXPECT_EQ(comments_->list_calls(), asked);
}

TEST_F(ApiTest, APageOfAnUnchangedThreadComesFromMemory) {
  comments_->Post(kOrg, kInvoiceId, "first");
  const HttpAnswer page = Get(kThread);
  ASSERT_EQ(page.status, 200) << page.body;
  const int asked = comments_->list_calls();
  // For everybody of the tenant.
  for (const char* user : {"dana", "priya"}) {
    const HttpAnswer again = Get(kThread, As(user, "viewer"));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, page.body);
    EXPECT_EQ(HeaderOf(again, "etag"), HeaderOf(page, "etag"));
  }
  EXPECT_EQ(comments_->list_calls(), asked);
  // Another's, another page, and what a token asks for are upstream's to tell.
  EXPECT_EQ(Get(kThread, As("eve", "admin", "rivalworks")).status, 404);
  EXPECT_EQ(Get(absl::StrCat(kThread, "?limit=7")).status, 200);
  const std::string token(Json(page).at("consistencyToken").as_string());
  EXPECT_EQ(Get(absl::StrCat(kThread, "?consistency=", token)).status, 200);
  EXPECT_EQ(comments_->list_calls(), asked + 3);
}

TEST_F(ApiTest, APageInMemoryIsOldWithTheNextEventOfItsThread) {
  comments_->Post(kOrg, kInvoiceId, "first");
  AwaitHeard();
  ASSERT_EQ(Get(kThread).status, 200);
  const auto stream = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "second");
  // Browsers are told after the memory.
  EXPECT_EQ(NextBody(*stream), "second");
  EXPECT_EQ(Json(Get(kThread)).at_pointer("/comments/0/body"), "second");
  ASSERT_EQ(Post(kThread, R"({"body":"third"})").status, 201);
  EXPECT_EQ(Json(Get(kThread)).at_pointer("/comments/0/body"), "third");
}

TEST_F(ApiTest, APageIsKeptInEachCoding) {
  comments_->Post(kOrg, kInvoiceId, std::string(5'000, 'x'));
  HttpClient::Headers gzip = As("dana");
  gzip.emplace_back("Accept-Encoding", "gzip");
  const HttpAnswer coded = client_->Get(kThread, gzip);
  EXPECT_EQ(HeaderOf(coded, "content-encoding"), "gzip");
  EXPECT_EQ(HeaderOf(Get(kThread), "content-encoding"), "");
  const int asked = comments_->list_calls();
  const HttpAnswer again = client_->Get(kThread, gzip);
  EXPECT_EQ(HeaderOf(again, "content-encoding"), "gzip");
  EXPECT_EQ(again.body, coded.body);
  EXPECT_EQ(comments_->list_calls(), asked);
}

TEST_F(ApiTest, OnesOwnPostIsSeenAtOnceInSpiteOfTheTag) {
  comments_->Post(kOrg, kInvoiceId, "first");
  const std::string tag = HeaderOf(Get(kThread), "etag");
  ASSERT_EQ(Post(kThread, R"({"body":"second"})").status, 201);
  const HttpAnswer page = GetIfChanged(kThread, tag);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(Json(page).at_pointer("/comments/0/body"), "second");
}

TEST_F(ApiTest, WithoutTheEventStreamATagIsCheckedUpstream) {
  comments_->Post(kOrg, kInvoiceId, "first");
  const std::string tag = HeaderOf(Get(kThread), "etag");
  comments_->Stop();
  AwaitNotReady();
  comments_->Start();
  comments_->Post(kOrg, kInvoiceId, "second");
  HttpAnswer page;
  do {
    page = GetIfChanged(kThread, tag);
  } while (page.status == 503);
  EXPECT_EQ(page.status, 200) << page.body;
}

TEST_F(ApiTest, AnInvoiceIsToldWithItsSummaryAndItsTag) {
  const HttpAnswer invoice = Get(absl::StrCat("/api/invoices/", kInvoiceNumber));
  ASSERT_EQ(invoice.status, 200) << invoice.body;
  EXPECT_EQ(Json(invoice).at_pointer("/summary/commentCount"), 3);
  const std::string tag = HeaderOf(invoice, "etag");
  EXPECT_EQ(GetIfChanged(absl::StrCat("/api/invoices/", kInvoiceNumber), tag).status, 304);
  const HttpAnswer list = Get("/api/invoices");
  ASSERT_EQ(list.status, 200) << list.body;
  EXPECT_EQ(Json(list).at_pointer("/summaries/0/number"), kInvoiceNumber);
  EXPECT_EQ(GetIfChanged("/api/invoices", HeaderOf(list, "etag")).status, 304);
}

TEST_F(ApiTest, TheConsistencyThatIsAskedForIsForwarded) {
  const std::string invoice = absl::StrCat("/api/invoices/", kInvoiceNumber, "?consistency=");
  const std::string token(
      Json(Post(kThread, R"({"body":"b"})")).at("consistencyToken").as_string());
  ASSERT_EQ(Get(invoice + token).status, 200);
  EXPECT_EQ(invoices_->last_consistency().at_least_as_fresh(), token);
}

TEST_F(ApiTest, TheActivityOfTheTenantIsListed) {
  comments_->Post(kOrg, kInvoiceId, "ours");
  comments_->AddInvoice("rivalworks", "9f9d2c1e-0000-4000-8000-000000000001");
  comments_->Post("rivalworks", "9f9d2c1e-0000-4000-8000-000000000001", "theirs");
  const HttpAnswer activity = Get("/api/activity?limit=10");
  ASSERT_EQ(activity.status, 200) << activity.body;
  ASSERT_EQ(Json(activity).at("comments").as_array().size(), 1);
  EXPECT_EQ(Json(activity).at_pointer("/comments/0/body"), "ours");
}

TEST_F(ApiTest, TheActivityNamesItsInvoicesEachOnceAndAsksForThemTogether) {
  constexpr char kOther[] = "5f9d2c1e-0000-4000-8000-000000001043";
  invoices::v1::Invoice other;
  other.set_invoice_id(kOther);
  other.set_number("INV-1043");
  other.mutable_customer()->set_name("\"Zoë\" & Sons");
  invoices_->Add(kOrg, other, 0);
  comments_->AddInvoice(kOrg, kOther, "INV-1043");
  for (int i = 0; i < 3; ++i) comments_->Post(kOrg, kInvoiceId, "here");
  comments_->Post(kOrg, kOther, "there");
  const json::value activity = Json(Get("/api/activity"));
  EXPECT_EQ(activity.at("comments").as_array().size(), 4);
  ASSERT_EQ(activity.at("invoices").as_array().size(), 2);
  EXPECT_EQ(activity.at_pointer("/invoices/0/invoiceId"), kOther);
  EXPECT_EQ(activity.at_pointer("/invoices/0/number"), "INV-1043");
  EXPECT_EQ(activity.at_pointer("/invoices/0/customerName"), "\"Zoë\" & Sons");
  EXPECT_EQ(activity.at_pointer("/invoices/1/number"), kInvoiceNumber);
  EXPECT_EQ(invoices_->last_batch(), std::pair(2, 1));
}

TEST_F(ApiTest, OneThreadWithoutAnInvoiceTakesNoOthersName) {
  // As one that was imported beside another invoicing system.
  constexpr char kElsewhere[] = "5f9d2c1e-0000-4000-8000-000000009999";
  comments_->AddInvoice(kOrg, kElsewhere);
  comments_->Post(kOrg, kInvoiceId, "here");
  comments_->Post(kOrg, kElsewhere, "elsewhere");
  const json::value activity = Json(Get("/api/activity"));
  EXPECT_EQ(activity.at("comments").as_array().size(), 2);
  ASSERT_EQ(activity.at("invoices").as_array().size(), 1);
  EXPECT_EQ(activity.at_pointer("/invoices/0/number"), kInvoiceNumber);
  // Once with it and once without, and not again where nothing is left to ask for.
  EXPECT_EQ(invoices_->last_batch(), std::pair(1, 2));
}

TEST_F(ApiTest, TheActivityIsListedWhileNobodyTellsOfItsInvoices) {
  comments_->Post(kOrg, kInvoiceId, "said all the same");
  invoices_->FailNext(
      Refusal(absl::StatusCode::kUnavailable, "INVOICES_SERVICE_UNAVAILABLE", "not now"));
  const HttpAnswer activity = Get("/api/activity");
  ASSERT_EQ(activity.status, 200) << activity.body;
  EXPECT_EQ(Json(activity).at("comments").as_array().size(), 1);
  EXPECT_TRUE(Json(activity).at("invoices").as_array().empty());
}

TEST_F(ApiTest, ABodyThatIsNotExactlyACommentIsRefusedByField) {
  EXPECT_EQ(FieldOf(Post(kThread, R"({"body":"b","author":"ceo"})")), "author");
  EXPECT_EQ(FieldOf(Post(kThread, R"({"body":"b","org":"rivalworks"})")), "org");
  EXPECT_EQ(FieldOf(Post(kThread, R"({"body":7})")), "body");
  EXPECT_EQ(FieldOf(Post(kThread, R"({"body":"a","body":"b"})")), "body");
  EXPECT_EQ(FieldOf(Post(kThread, R"({"id":"x"})")), "body");
  for (const char* body : {"", "[]", "null", "{\"body\":\"b\"", "{\"body\":\"b\"} more", "\xff"}) {
    EXPECT_EQ(Post(kThread, body).status, 400) << body;
  }
  EXPECT_EQ(comments_->head(), 0);
}

TEST_F(ApiTest, NoThreadIsSettledWithoutTheCommentThatWasSent) {
  for (const char* verb : {"resolve", "reopen"}) {
    const std::string target = absl::StrCat("/api/invoices/", kInvoiceId, "/", verb);
    for (const char* body : {R"({"comment":{}})", R"({"comment":{"mentions":[]}})",
                             R"({"comment":{"id":"2f1d1f0e-5a0b-4a5e-9a63-0d3c1b8a7e11"}})"}) {
      EXPECT_EQ(FieldOf(Post(target, body)), "comment.body") << body;
    }
  }
  EXPECT_EQ(comments_->head(), 0);
}

TEST_F(ApiTest, BadQueryParametersAreRefusedByField) {
  EXPECT_EQ(FieldOf(Get(absl::StrCat(kThread, "?limit=0"))), "limit");
  EXPECT_EQ(FieldOf(Get(absl::StrCat(kThread, "?limit=x"))), "limit");
  EXPECT_EQ(FieldOf(Get(absl::StrCat(kThread, "?limit=1&limit=2"))), "limit");
  const HttpAnswer altered = Get(absl::StrCat(kThread, "?cursor=forged"));
  EXPECT_EQ(altered.status, 400);
  EXPECT_EQ(ReasonOfProblem(altered), "PAGE_TOKEN_INVALID");
}

TEST_F(ApiTest, OnlyJsonIsTaken) {
  HttpClient client(gateway_->address());
  const std::string token = TokenOf("dana", "member", kOrg);
  const auto post = [&](const std::string& type) {
    return client.SendRaw(
        absl::StrCat("POST ", kThread, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ",
                     token, type, "\r\nContent-Length: 12\r\n\r\n", "{\"body\":\"b\"}"));
  };
  for (const char* type :
       {"", "\r\nContent-Type: text/plain", "\r\nContent-Type: application/json; charset=latin-1",
        "\r\nContent-Type: application/x-www-form-urlencoded"}) {
    const HttpAnswer answer = post(type);
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(ReasonOfProblem(answer), "CONTENT_TYPE_UNSUPPORTED");
  }
  EXPECT_EQ(post("\r\nContent-Type: application/json; charset=utf-8").status, 201);
}

TEST_F(ApiTest, WithoutAGoodTokenNobodyGetsIn) {
  for (const char* target : {kThread, kEvents, "/api/invoices", "/api/activity"}) {
    EXPECT_EQ(ReasonOfProblem(Get(target, {})), "TOKEN_MISSING") << target;
    const HttpAnswer bad = Get(target, {{"Authorization", "Bearer a.b.c"}});
    EXPECT_EQ(bad.status, 401);
    EXPECT_EQ(ReasonOfProblem(bad), "TOKEN_INVALID") << target;
  }
}

TEST_F(ApiTest, WhatUpstreamRefusesIsToldInHttp) {
  const auto answer = [this](absl::StatusCode code, std::string_view reason,
                             absl::Duration retry_after = absl::ZeroDuration()) {
    comments_->FailNext(Refusal(code, reason, "because", {}, retry_after));
    HttpAnswer told = Post(kThread, R"({"body":"b"})");
    EXPECT_EQ(ReasonOfProblem(told), reason);
    return told;
  };
  EXPECT_EQ(answer(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW").status, 403);
  EXPECT_EQ(answer(absl::StatusCode::kAlreadyExists, "COMMENT_ID_REUSED").status, 409);
  EXPECT_EQ(answer(absl::StatusCode::kResourceExhausted, "STORAGE_FULL").status, 507);
  const HttpAnswer busy =
      answer(absl::StatusCode::kResourceExhausted, "WRITE_QUEUE_FULL", absl::Milliseconds(1'500));
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(HeaderOf(busy, "retry-after"), "2");
  const HttpAnswer away =
      answer(absl::StatusCode::kUnavailable, "DRAINING", absl::Milliseconds(100));
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(HeaderOf(away, "retry-after"), "1");
  EXPECT_EQ(answer(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND").status, 404);
}

TEST_F(ApiTest, AnUpstreamThatIsGoneIsToldAndTheRestIsServed) {
  comments_->Stop();
  const HttpAnswer page = Get(kThread);
  EXPECT_EQ(page.status, 503);
  EXPECT_FALSE(HeaderOf(page, "retry-after").empty());
  EXPECT_EQ(Get("/api/invoices").status, 200);
  EXPECT_EQ(Get("/healthz", {}).status, 200);
}

TEST_F(ApiTest, WhoOneSaysToBeInAHeaderIsNeverForwarded) {
  HttpClient::Headers headers = As("dana");
  for (const char* name : {"X-Org", "X-User", "X-Role", "X-Forwarded-For", "X-Forwarded-User",
                           "org", "grpc-metadata-org"}) {
    headers.emplace_back(name, "rivalworks-canary");
  }
  ASSERT_EQ(Get(kThread, headers).status, 200);
  for (const auto& [name, value] : comments_->last_metadata()) {
    EXPECT_EQ(value.find("canary"), std::string::npos) << name;
    EXPECT_TRUE(name == "authorization" || name == "x-request-id" || name == "user-agent") << name;
  }
}

TEST_F(ApiTest, TheRequestIdOfTheCallerGoesAllTheWay) {
  HttpClient::Headers headers = As("dana");
  headers.emplace_back("X-Request-Id", "my-request.1");
  EXPECT_EQ(HeaderOf(Get(kThread, headers), "x-request-id"), "my-request.1");
  EXPECT_EQ(comments_->last_metadata().find("x-request-id")->second, "my-request.1");
}

TEST_F(ApiTest, ATokenWithoutATenantIsForbidden) {
  const HttpAnswer answer = Get(kThread, As("gateway", "service", ""));
  EXPECT_EQ(answer.status, 403) << answer.body;
  EXPECT_EQ(ReasonOfProblem(answer), "ORG_REQUIRED");
}

TEST_F(ApiTest, AnotherTenantsInvoiceIsNotThere) {
  comments_->Post(kOrg, kInvoiceId, "ours");
  const auto mallory = As("mallory", "admin", "rivalworks");
  for (const char* target : {kThread, kEvents}) {
    const HttpAnswer answer = Get(target, mallory);
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(ReasonOfProblem(answer), "INVOICE_NOT_FOUND");
  }
}

TEST_F(ApiTest, TheDocumentAndTheHealthAreForAnyone) {
  EXPECT_EQ(Get("/healthz", {}).status, 200);
  EXPECT_EQ(Get("/readyz", {}).status, 200);
  const HttpAnswer document = Get("/openapi.json", {});
  EXPECT_EQ(document.status, 200);
  EXPECT_EQ(Json(document).at("openapi"), "3.1.0");
}

TEST_F(ApiTest, AnUnchangedDocumentIsNotSentAgain) {
  for (const char* document : {"/openapi.json", "/service_config.json"}) {
    const std::string tag = HeaderOf(Get(document, {}), "etag");
    EXPECT_EQ(Get(document, {{"If-None-Match", tag}}).status, 304) << document;
  }
}

TEST_F(ApiTest, HowToCallTheServicesIsToldToAnyone) {
  const HttpAnswer config = Get("/service_config.json", {});
  EXPECT_EQ(config.status, 200);
  EXPECT_EQ(config.body, ServiceConfigDocument());
  EXPECT_EQ(config.headers.at("content-type"), "application/json");
}

TEST_F(ApiTest, NotReadyIsToldWithItsReason) {
  comments_->Stop();
  EXPECT_FALSE(AwaitNotReady().empty());
  comments_->Start();
  AwaitReady();
}

}  // namespace
}  // namespace marginalia
