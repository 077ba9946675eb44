// What the invoice page shows.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gateway/pages/frame/template.h"
#include "gateway/pages/views/summary_view.h"
#include "services/errors/errors.h"
#include "tests/gateway/pages_fixture.h"
#include "tests/gateway/raw_connection.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

using InvoicePageTest = PagesFixture;

TEST_F(InvoicePageTest, ShowsTheInvoiceBesideItsThread) {
  PostComments(2);
  const HttpAnswer page = Page(kPage);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(HeaderOf(page, "content-type"), "text/html; charset=utf-8");
  for (const char* text :
       {"<title>INV-1042 · Marginalia</title>", "<h1>INV-1042</h1>",
        "<a class=\"badge\" href=\"#thread\" data-comment-count>2 comments</a>",
        "<dt>Amount due</dt><dd>USD 12,000.00</dd>",
        "<time datetime=\"2026-06-30\">30 June 2026</time>", "<bdi>Acme Corp</bdi>",
        "<a href=\"mailto:billing@acme.example\">billing@acme.example</a>", "Net 30",
        "<td class=\"amount\">4,800.00</td>", "<td class=\"amount\">USD 12,000.00</td>",
        "<bdi>Name of priya</bdi>", "title=\"9 October 2025, 08:53:22 UTC\">9 Oct 2025</time>"}) {
    EXPECT_TRUE(Has(page, text)) << text;
  }
  EXPECT_EQ(BodiesOf(page), (std::vector<std::string>{"comment 2", "comment 1"}));
  EXPECT_FALSE(Has(page, "id=\"older\""));
  EXPECT_FALSE(Has(page, "id=\"newer\""));
  EXPECT_FALSE(Has(page, "class=\"notice\""));
}

TEST_F(InvoicePageTest, SaysByHowManyDaysAnInvoiceIsOverdueAndHowManyAreLeft) {
  const absl::Time now = absl::Now();
  const auto banner_of = [now](std::int64_t days, invoices::v1::InvoiceStatus status) {
    invoices::v1::GetInvoiceResponse answer;
    answer.mutable_invoice()->set_status(status);
    answer.mutable_invoice()->set_due_date(
        absl::FormatTime("%Y-%m-%d", now + absl::Hours(24 * days), absl::UTCTimeZone()));
    PageData data = SummaryData(answer, 0, now);
    return Template("summary_fragment").Render(data);
  };
  using invoices::v1::INVOICE_STATUS_PAID;
  using invoices::v1::INVOICE_STATUS_SENT;
  EXPECT_THAT(banner_of(-149, INVOICE_STATUS_SENT),
              HasSubstr("<p class=\"banner status-overdue\">Overdue by 149 days</p>"));
  EXPECT_THAT(banner_of(-1, INVOICE_STATUS_SENT), HasSubstr("Overdue by 1 day<"));
  EXPECT_THAT(banner_of(0, INVOICE_STATUS_SENT), HasSubstr("Sent, due today<"));
  EXPECT_THAT(banner_of(3, INVOICE_STATUS_SENT), HasSubstr("Sent, due in 3 days<"));
  EXPECT_THAT(banner_of(-149, INVOICE_STATUS_PAID), HasSubstr("Paid, nothing is due<"));
}

TEST_F(InvoicePageTest, HandsItsScriptTheVeryDataThatItShows) {
  PostComments(25);
  const HttpAnswer page = Page(kPage);
  const json::value handed = DehydratedOf(page);
  const HttpAnswer api = Get(kThread);
  EXPECT_EQ(handed.at("page"), Json(api));
  EXPECT_EQ(handed.at("etag").as_string(), api.headers.at("etag"));
  EXPECT_EQ(handed.at("invoiceId"), kInvoiceId);
  EXPECT_EQ(handed.at("cursor"), "");
  EXPECT_EQ(handed.at("viewer"),
            json::parse(R"({"orgId":"northlight","userId":"dana","displayName":"dana",
                            "canComment":true})"));
  const std::string older = Unescaped(Between(page.body, "rel=\"next\" href=\"", "\""));
  const json::value second = DehydratedOf(Page(older));
  EXPECT_EQ(second.at("cursor"), handed.at("page").at("nextCursor"));
  const std::string cursor(second.at("cursor").as_string());
  const HttpAnswer second_api = Get(std::string(kThread) + "?cursor=" + cursor);
  EXPECT_EQ(second.at("page"), Json(second_api));
  EXPECT_EQ(second.at("etag").as_string(), second_api.headers.at("etag"));
}

TEST_F(InvoicePageTest, LinksToOlderCommentsAndBackToNewerOnes) {
  PostComments(45);
  const HttpAnswer newest = Page(kPage);
  EXPECT_EQ(BodiesOf(newest).front(), "comment 45");
  EXPECT_EQ(BodiesOf(newest).size(), 20U);
  const std::string older =
      Unescaped(Between(newest.body, "id=\"older\" class=\"pager\" rel=\"next\" href=\"", "\""));
  EXPECT_EQ(older.rfind("/invoices/INV-1042?cursor=", 0), 0U) << older;
  const HttpAnswer second = Page(older);
  EXPECT_EQ(BodiesOf(second).front(), "comment 25");
  EXPECT_TRUE(Has(
      second, "<a id=\"newer\" class=\"pager\" rel=\"prev\" href=\"/invoices/INV-1042?cursor="));
  const HttpAnswer last = Page(Unescaped(Between(second.body, "rel=\"next\" href=\"", "\"")));
  EXPECT_EQ(BodiesOf(last).back(), "comment 1");
  EXPECT_FALSE(Has(last, "id=\"older\""));
  EXPECT_EQ(Page(std::string(kPage) + "?cursor=nonsense").status, 400);
}

TEST_F(InvoicePageTest, WhatBecameOfTheInvoiceStandsAmongTheCommentsAtItsTime) {
  PostComments(45);
  const auto change = [this](invoices::v1::InvoiceStatus status, std::int64_t seconds,
                             const std::string& name) {
    auto* changed = invoice_.add_status_changes();
    changed->set_status(status);
    changed->mutable_time()->set_seconds(seconds);
    changed->mutable_actor()->set_user_id("priya");
    changed->mutable_actor()->set_display_name(name);
  };
  const auto time_of = [this](int sequence) {
    const json::value page = Json(Get(absl::StrCat(kThread, "?limit=45")));
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(
        absl::RFC3339_full,
        std::string(page.at("comments").as_array()[45 - sequence].at("createTime").as_string()),
        &time, &error))
        << error;
    return absl::ToUnixSeconds(time);
  };
  // Between the first page and the second, at whose head it stands; and before all comments.
  change(invoices::v1::INVOICE_STATUS_SENT, time_of(1) - 1, "Priya <b>");
  change(invoices::v1::INVOICE_STATUS_PAID, time_of(25), "");
  invoices_->Add(kOrg, invoice_, 45);
  const std::string paid =
      "<li class=\"status-change\" id=\"status-paid\"><p><bdi>priya</bdi> "
      "marked the invoice as paid</p><time datetime=\"";
  const std::string sent =
      "<li class=\"status-change\" id=\"status-sent\"><p><bdi>Priya "
      "&lt;b&gt;</bdi> sent the invoice</p><time datetime=\"";
  const auto thread_of = [](const HttpAnswer& page) {
    return Between(page.body, "<ol id=\"comments\"", "</ol>");
  };
  const HttpAnswer newest = Page(kPage);
  EXPECT_EQ(thread_of(newest).find("status-change"), std::string::npos);
  // For the script, newest first.
  EXPECT_LT(newest.body.find(paid), newest.body.find(sent));
  const auto older_of = [](const HttpAnswer& page) {
    return Unescaped(Between(page.body, "rel=\"next\" href=\"", "\""));
  };
  const HttpAnswer second = Page(older_of(newest));
  EXPECT_EQ(BodiesOf(second).front(), "comment 25");
  EXPECT_NE(thread_of(second).find(paid), std::string::npos) << thread_of(second);
  EXPECT_LT(thread_of(second).find(paid), thread_of(second).find("<li class=\"comment\""));
  EXPECT_EQ(thread_of(second).find(sent), std::string::npos);
  const std::string oldest = thread_of(Page(older_of(second)));
  EXPECT_EQ(oldest.find(paid), std::string::npos);
  EXPECT_GT(oldest.find(sent), oldest.rfind("<li class=\"comment\""));
  EXPECT_NE(oldest.find(sent), std::string::npos);
  // Another comment comes before it: it stands above that one alone.
  invoice_.mutable_status_changes(1)->mutable_time()->set_seconds(time_of(26));
  invoices_->Add(kOrg, invoice_, 45);
  EXPECT_NE(thread_of(Page(kPage)).find(paid), std::string::npos);
  EXPECT_EQ(thread_of(Page(older_of(Page(kPage)))).find(paid), std::string::npos);
  const json::value changes = Json(Get("/api/invoices/INV-1042")).at("invoice").at("statusChanges");
  ASSERT_EQ(changes.as_array().size(), 2U);
  EXPECT_EQ(changes.as_array()[0].at("status"), "SENT");
  EXPECT_EQ(changes.as_array()[1].at("actor").at("userId"), "priya");
}

TEST_F(InvoicePageTest, OldestFirstIsTheReadersChoiceAndKept) {
  PostComments(45);
  const HttpAnswer newest = Page(kPage);
  EXPECT_TRUE(Has(newest, "<a class=\"order\" href=\"/invoices/INV-1042?order=oldest\">"));
  EXPECT_EQ(HeaderOf(newest, "set-cookie"), "");
  const HttpAnswer oldest = Page(std::string(kPage) + "?order=oldest");
  EXPECT_EQ(HeaderOf(oldest, "set-cookie"),
            "marginalia-order=oldest; Path=/invoices; HttpOnly; SameSite=Lax; Max-Age=31536000");
  EXPECT_TRUE(Has(oldest, "<a class=\"order\" href=\"/invoices/INV-1042?order=newest\">"));
  const auto run = [](int from, int to) {
    std::vector<std::string> bodies;
    for (int i = from; i <= to; ++i) bodies.push_back(absl::StrCat("comment ", i));
    return bodies;
  };
  EXPECT_EQ(BodiesOf(oldest), run(1, 20));
  EXPECT_FALSE(Has(oldest, "id=\"older\""));
  // What one writes comes at the end, and so does what writes it.
  EXPECT_LT(oldest.body.find("id=\"newer\""), oldest.body.find("id=\"comment-form\""));
  EXPECT_LT(oldest.body.find("id=\"comments\""), oldest.body.find("id=\"newer\""));
  const auto link_of = [](const HttpAnswer& page, const std::string& rel) {
    return Unescaped(Between(page.body, absl::StrCat("rel=\"", rel, "\" href=\""), "\""));
  };
  const HttpAnswer second = Page(link_of(oldest, "prev"));
  EXPECT_EQ(BodiesOf(second), run(21, 40));
  const HttpAnswer last = Page(link_of(second, "prev"));
  EXPECT_EQ(BodiesOf(last), run(41, 45));
  EXPECT_FALSE(Has(last, "id=\"newer\""));
  // Whatever is posted meanwhile, the way back shows the same.
  PostComments(3);
  EXPECT_EQ(BodiesOf(Page(link_of(last, "next"))), run(21, 40));

  HttpClient::Headers dana = As("dana");
  dana.emplace_back("Cookie", "x=y; marginalia-order=oldest");
  EXPECT_EQ(BodiesOf(Page(kPage, dana)), run(1, 20));
  EXPECT_EQ(DehydratedOf(Page(kPage, dana)).at("cursor"), "around:first");
  EXPECT_EQ(BodiesOf(Page(std::string(kPage) + "?order=newest", dana)).front(), "comment 3");
  EXPECT_EQ(Page(std::string(kPage) + "?order=sideways").status, 400);
}

TEST_F(InvoicePageTest, AShortThreadIsTheNewestPageInEitherOrder) {
  EXPECT_EQ(DehydratedOf(Page(std::string(kPage) + "?order=oldest")).at("cursor"), "");
  PostComments(3);
  const HttpAnswer page = Page(std::string(kPage) + "?order=oldest");
  EXPECT_EQ(BodiesOf(page), (std::vector<std::string>{"comment 1", "comment 2", "comment 3"}));
  EXPECT_EQ(DehydratedOf(page).at("cursor"), "");
  EXPECT_EQ(DehydratedOf(page).at("etag").as_string(), Get(kThread).headers.at("etag"));
}

TEST_F(InvoicePageTest, AnEmptyThreadSaysSo) {
  const HttpAnswer page = Page(kPage);
  EXPECT_TRUE(Has(page, "<p class=\"empty\">No comments yet.</p>"));
  EXPECT_TRUE(Has(page, "<ol id=\"comments\" class=\"comments\" tabindex=\"-1\">"));
  EXPECT_EQ(DehydratedOf(page).at("invoiceId"), kInvoiceId);
}

TEST_F(InvoicePageTest, HostileCommentsAreTextAndNothingElse) {
  const std::vector<std::string> hostile = {
      "<script>alert(1)</script>",
      "</p></article></li></ol><script>alert(1)</script>",
      "</script><script>alert(1)</script><!--",
      "<!--<script>",
      "-->",
      "]]>",
      "<img src=x onerror=alert(1)>",
      "\" onmouseover=\"alert(1)",
      "' autofocus onfocus='alert(1)",
      "https://a.example/\"onmouseover=\"alert(1)",
      "https://a.example/'onmouseover='alert(1)",
      "https://a.example/</a><script>alert(1)</script>",
      "javascript:alert(1)",
      "[x](javascript:alert(1))",
      "{{title}} {{{dehydrated}}} {{#form}}x{{/form}} {{=<% %>=}}",
      "&lt;script&gt; &amp;amp; &#60; &",
      "\xE2\x80\xAE"
      "gnp.exe \xE2\x81\xA6 \xD8\x9C",
      "a\tb\n\nc  d",
      "one\r\ntwo\rthree",
  };
  for (const std::string& body : hostile) comments_->Post(kOrg, kInvoiceId, body);
  const HttpAnswer page = Page(kPage);
  EXPECT_EQ(BodiesOf(page), std::vector<std::string>(hostile.rbegin(), hostile.rend()));
  const json::array handed = DehydratedOf(page).at("page").at("comments").as_array();
  ASSERT_EQ(handed.size(), hostile.size());
  for (std::size_t i = 0; i < hostile.size(); ++i) {
    EXPECT_EQ(handed[hostile.size() - 1 - i].at("body").as_string(), hostile[i]);
  }
}

TEST_F(InvoicePageTest, HostileInvoicesAreTextToo) {
  invoice_.mutable_customer()->set_name("</h3><script>alert(1)</script>");
  invoice_.mutable_customer()->set_email("a?bcc=x\"<b>@evil.example");
  invoice_.mutable_line_items(0)->set_description("<img src=x onerror=alert(1)>");
  invoice_.set_terms("\" onclick=\"alert(1)");
  invoices_->Add(kOrg, invoice_, 0);
  const HttpAnswer page = Page(kPage);
  EXPECT_TRUE(Has(page, "<bdi>&lt;/h3&gt;&lt;script&gt;"));
  EXPECT_TRUE(Has(page, "href=\"mailto:a%3Fbcc%3Dx%22%3Cb%3E@evil.example\""));
  const HttpAnswer list = Page("/invoices");
  EXPECT_TRUE(Has(list, "<bdi>&lt;/h3&gt;&lt;script&gt;"));
}

TEST_F(InvoicePageTest, AViewerReadsWithoutAForm) {
  PostComments(1);
  const HttpAnswer page = Page(kPage, As("sam", "viewer"));
  EXPECT_FALSE(Has(page, "<form"));
  EXPECT_TRUE(Has(page, "and not write on it"));
  EXPECT_EQ(DehydratedOf(page).at("viewer").at("canComment"), false);
}

TEST_F(InvoicePageTest, TheSidebarIsShownWhenAskedFor) {
  comments_->Post(kOrg, kInvoiceId, "<b>" + std::string(200, 'x'));
  const HttpAnswer closed = Page(kPage);
  EXPECT_TRUE(Has(closed, "aria-expanded=\"false\""));
  EXPECT_TRUE(Has(closed, "aria-labelledby=\"activity-heading\" hidden>"));
  const HttpAnswer open =
      Page(Unescaped(Between(closed.body, "id=\"activity-toggle\" href=\"", "\"")));
  EXPECT_TRUE(Has(open, "aria-expanded=\"true\""));
  EXPECT_FALSE(Has(open, "hidden>\n<h2 id=\"activity-heading\""));
  EXPECT_TRUE(Has(open, "<a class=\"close\" id=\"activity-close\" href=\"/invoices/INV-1042\">"));
  EXPECT_TRUE(
      Has(open, "href=\"/invoices/INV-1042?comment=00000000-0000-7000-8000-000000000001\""));
  EXPECT_TRUE(Has(open, "INV-1042 · <bdi>Acme Corp</bdi>"));
  EXPECT_TRUE(Has(open, absl::StrCat("&lt;b&gt;", std::string(137, 'x'), "…</p>")));
}

TEST_F(InvoicePageTest, TheSummaryAloneIsThePagesOwn) {
  invoices_->Add(kOrg, invoice_, 2);
  const HttpAnswer fragment = Send("GET", std::string(kPage) + "/summary", As("dana"));
  EXPECT_EQ(fragment.status, 200);
  EXPECT_EQ(HeaderOf(fragment, "content-type"), "text/html; charset=utf-8");
  const std::string whole = Page(kPage).body;
  EXPECT_NE(whole.find(fragment.body), std::string::npos) << fragment.body;
  EXPECT_EQ(fragment.body.rfind("<section id=\"summary\"", 0), 0U);
  const std::string token(Json(Get(kThread)).at("consistencyToken").as_string());
  Send("GET", std::string(kPage) + "/summary?consistency=" + token, As("dana"));
  EXPECT_EQ(invoices_->last_consistency().at_least_as_fresh(), token);
  invoices_->FailNext(Refusal(absl::StatusCode::kUnavailable, "PROJECTION_LAGGING", "not now"));
  EXPECT_EQ(Send("GET", std::string(kPage) + "/summary?consistency=" + token, As("dana")).status,
            503);
}

TEST_F(InvoicePageTest, HeadIsAnsweredWithoutABody) {
  const HttpAnswer whole = Page(kPage);
  client_->Close();
  RawConnection connection(gateway_->address());
  connection.Send(absl::StrCat("HEAD ", kPage, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                               "Authorization: ", As("dana")[0].second, "\r\n\r\n"));
  const std::string answer = connection.ReadToEnd();
  EXPECT_EQ(answer.rfind("HTTP/1.1 200 OK\r\n", 0), 0U) << answer;
  EXPECT_EQ(answer.substr(answer.size() - 4), "\r\n\r\n");
  EXPECT_EQ(answer.find("<html"), std::string::npos);
}

}  // namespace
}  // namespace marginalia
