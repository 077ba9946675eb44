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

TEST_F(InvoiceListPageTest, WhatCannotBeSearchedForIsSaidWhereItWasTyped) {
  invoices_->FailNext(InvalidField("search", "must have a letter or a digit"));
  const HttpAnswer page = Page("/invoices?search=--");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, "What is searched for must have a letter or a digit."));
  EXPECT_TRUE(Has(page, "name=\"search\" value=\"--\""));
}

}  // namespace
}  // namespace marginalia
