// What the list of invoices asks for, and how its page goes on saying so.
#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "tests/gateway/pages_fixture.h"

namespace marginalia {
namespace {

class InvoiceListPageTest : public PagesFixture {
 protected:
  std::string FieldOf(const std::string& target) {
    const HttpAnswer answer = Get(target);
    EXPECT_EQ(answer.status, 400) << target;
    return std::string(Json(answer).at("errors").at(0).at("field").as_string());
  }
};

TEST_F(InvoiceListPageTest, TheListLeadsToEachInvoice) {
  invoice_.set_number("INV/2026");
  invoice_.set_invoice_id("5f9d2c1e-0000-4000-8000-000000001043");
  invoices_->Add(kOrg, invoice_, 1'234);
  const HttpAnswer list = Page("/invoices");
  EXPECT_EQ(list.status, 200);
  for (const char* text :
       {"<a href=\"/invoices/INV-1042\">INV-1042</a>",
        "<a href=\"/invoices/INV%2F2026\">INV/2026</a>", "1,234 comments", "No comments",
        "USD 12,000.00", "<time datetime=\"2026-06-30\">30 Jun 2026</time>", "<bdi>Dana</bdi>",
        "aria-current=\"page\""}) {
    EXPECT_TRUE(Has(list, text)) << text;
  }
  EXPECT_FALSE(Has(list, "rel=\"next\""));
  EXPECT_EQ(Page("/").status, 303);
}

TEST_F(InvoiceListPageTest, ALongListHasMorePages) {
  for (int i = 0; i < 60; ++i) {
    invoice_.set_number(absl::StrCat("INV-2", absl::Dec(i, absl::kZeroPad3)));
    invoice_.set_invoice_id(absl::StrCat("5f9d2c1e-0000-4000-8000-00000000", 2000 + i));
    invoices_->Add(kOrg, invoice_, 0);
  }
  const HttpAnswer first = Page("/invoices");
  EXPECT_FALSE(Has(first, "INV-2059"));
  const HttpAnswer second = Page(Unescaped(Between(first.body, "rel=\"next\" href=\"", "\"")));
  EXPECT_TRUE(Has(second, "INV-2059"));
  EXPECT_TRUE(Has(second, "<a class=\"pager\" rel=\"prev\" href=\"/invoices\">"));
}

TEST_F(InvoiceListPageTest, ThePageSaysWhereItsRowsWereFoundSoThatTheApiFindsTheSame) {
  EXPECT_TRUE(Has(Page("/invoices"), "<table class=\"invoices\" data-cursor=\"\">"));
  for (int i = 0; i <= 120; ++i) {
    invoice_.set_number(absl::StrCat("INV-2", absl::Dec(i, absl::kZeroPad3)));
    invoice_.set_invoice_id(absl::StrCat("5f9d2c1e-0000-4000-8000-00000000", 2000 + i));
    invoice_.set_status(i == 120 ? invoices::v1::INVOICE_STATUS_PAID
                                 : invoices::v1::INVOICE_STATUS_SENT);
    invoices_->Add(kOrg, invoice_, 0);
  }
  const HttpAnswer page = Page("/invoices?status=paid");
  EXPECT_TRUE(Has(page, ">INV-2120</a>"));
  const std::string cursor = Unescaped(Between(page.body, " data-cursor=\"", "\""));
  const auto found = Json(Get(absl::StrCat("/api/invoices?status=paid&limit=50&cursor=", cursor)));
  ASSERT_EQ(found.at("summaries").as_array().size(), 1U);
  EXPECT_EQ(found.at("summaries").at(0).at("number"), "INV-2120");
}

TEST_F(InvoiceListPageTest, TheAddressSaysWhatIsLookedFor) {
  const std::string query = "?search=Ac%26me+1042&status=sent&overdue=true&threadState=open";
  for (const bool is_page : {true, false}) {
    const HttpAnswer answer = is_page ? Page("/invoices" + query) : Get("/api/invoices" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto asked = invoices_->last_list();
    EXPECT_EQ(asked.search(), "Ac&me 1042");
    EXPECT_EQ(asked.status(), invoices::v1::INVOICE_STATUS_SENT);
    EXPECT_TRUE(asked.overdue());
    EXPECT_EQ(asked.thread_state(), comments::v1::THREAD_STATE_OPEN);
  }
  EXPECT_EQ(Get("/api/invoices").status, 200);
  const auto all = invoices_->last_list();
  EXPECT_TRUE(all.search().empty() && !all.overdue() && all.status() == 0);
}

TEST_F(InvoiceListPageTest, WhatIsNoneOfTheChoicesIsRefusedWithItsName) {
  EXPECT_EQ(FieldOf("/api/invoices?status=Sent"), "status");
  EXPECT_EQ(FieldOf("/api/invoices?overdue=yes"), "overdue");
  EXPECT_EQ(FieldOf("/api/invoices?threadState=x"), "threadState");
  EXPECT_EQ(Get("/api/invoices?search=%FF").status, 400);
}

TEST_F(InvoiceListPageTest, ThePageKeepsWhatIsLookedForInItsFormAndItsLinks) {
  const HttpAnswer page = Page("/invoices?search=%22acme%22&status=sent&threadState=open");
  EXPECT_TRUE(Has(page, "name=\"search\" value=\"&quot;acme&quot;\""));
  EXPECT_TRUE(Has(page, "<input type=\"hidden\" name=\"status\" value=\"sent\">"));
  EXPECT_TRUE(Has(page, "<input type=\"hidden\" name=\"threadState\" value=\"open\">"));
  EXPECT_TRUE(
      Has(page, "href=\"/invoices?search=%22acme%22&amp;status=paid&amp;threadState=open\">"));
  EXPECT_TRUE(Has(page, "aria-current=\"true\">Sent</a>"));
  EXPECT_TRUE(Has(page, "aria-current=\"true\">Open threads</a>"));
  EXPECT_FALSE(Has(page, "Newest activity"));
  const HttpAnswer by_activity = Page("/invoices?order=activity");
  EXPECT_TRUE(Has(by_activity, "href=\"/invoices?overdue=true\">Overdue</a>"));
  EXPECT_TRUE(Has(by_activity, "href=\"/invoices?status=paid&amp;order=activity\">Paid</a>"));
  EXPECT_TRUE(Has(by_activity, "aria-current=\"true\">Newest activity</a>"));
}

TEST_F(InvoiceListPageTest, WhatIsUnreadIsLookedForInABoundedNumberOfPages) {
  const auto add = [this](int number, bool unread) {
    invoice_.set_number(absl::StrCat("INV-", 10'000 + number));
    invoice_.set_invoice_id(absl::StrCat("5f9d2c1e-0000-4000-8000-0000000", 10'000 + number));
    invoices_->Add(kOrg, invoice_, unread ? 1 : 0);
    comments_->AddInvoice(kOrg, invoice_.invoice_id());
    if (unread) comments_->Post(kOrg, invoice_.invoice_id(), "look");
  };
  constexpr int kInvoices = 80;
  for (int i = 0; i < kInvoices; ++i) add(i, i % 20 == 7);
  std::vector<std::string> found;
  std::string cursor;
  int calls = 0;
  do {
    const auto page = Json(Get(absl::StrCat("/api/invoices?unread=true&limit=3&cursor=", cursor)));
    for (const auto& summary : page.at("summaries").as_array()) {
      found.emplace_back(summary.at("number").as_string());
      EXPECT_EQ(summary.at("unreadCount"), 1);
    }
    EXPECT_LE(page.at("summaries").as_array().size(), 3U);
    cursor = std::string(page.at("nextCursor").as_string());
  } while (!cursor.empty() && ++calls < kInvoices);
  EXPECT_EQ(found, (std::vector<std::string>{"INV-10007", "INV-10027", "INV-10047", "INV-10067"}));
  // Ten pages of at most three a call.
  EXPECT_GE(calls, 2);
  const HttpAnswer page = Page("/invoices?unread=true");
  EXPECT_TRUE(Has(page, "aria-current=\"true\">Unread</a>"));
  EXPECT_TRUE(Has(page, ">INV-10007</a>"));
  EXPECT_FALSE(Has(page, ">INV-10008</a>"));
  EXPECT_TRUE(
      Has(Page("/invoices"), "href=\"/invoices?unread=true&amp;order=activity\">Unread</a>"));
}

TEST_F(InvoiceListPageTest, WhileNobodyKnowsWhatIsUnreadNothingIsSaidToBeRead) {
  invoices_->Add(kOrg, invoice_, 1);
  comments_->FailNext(absl::UnavailableError("away"));
  EXPECT_EQ(Get("/api/invoices?unread=true").status, 503);
  EXPECT_EQ(FieldOf("/api/invoices?unread=yes"), "unread");
  EXPECT_EQ(Get("/api/invoices?unread=true", As("batch", "service")).status, 400);
}

TEST_F(InvoiceListPageTest, WhatCannotBeSearchedForIsSaidWhereItWasTyped) {
  invoices_->FailNext(InvalidField("search", "must have a letter or a digit"));
  const HttpAnswer page = Page("/invoices?search=--");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, "What is searched for must have a letter or a digit."));
  EXPECT_TRUE(Has(page, "name=\"search\" value=\"--\""));
}

}  // namespace
}  // namespace marginalia
