// What the pages show while a service is away or behind, and what they then do not claim.
#include "services/errors/errors.h"
#include "tests/gateway/pages_fixture.h"

namespace marginalia {
namespace {

using PageOutageTest = PagesFixture;

TEST_F(PageOutageTest, NoCountIsBehindTheListBesideIt) {
  PostComments(3);
  invoices_->Add(kOrg, invoice_, 1);
  const HttpAnswer behind = Page(kPage);
  EXPECT_TRUE(Has(behind, "data-count=\"3\""));
  EXPECT_FALSE(Has(behind, "1 comment<"));
  invoices_->Add(kOrg, invoice_, 4);
  const HttpAnswer ahead = Page(kPage);
  EXPECT_TRUE(Has(ahead, "data-count=\"4\""));
  EXPECT_FALSE(Has(ahead, "3 comments<"));
}

TEST_F(PageOutageTest, WithoutCommentsTheInvoiceIsShownWithTheAgeOfItsCount) {
  invoices_->Add(kOrg, invoice_, 7);
  invoices_->SetLag(200, 0);
  comments_->FailNext(Away());
  const HttpAnswer page = Page(kPage);
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, "data-comment-count>7 comments</a>"));
  EXPECT_TRUE(Has(page, "<p class=\"notice\">Comment count as of 3 minutes ago</p>"));
  EXPECT_TRUE(Has(page, "The comments cannot be shown right now."));
  EXPECT_FALSE(Has(page, "id=\"dehydrated\""));
  EXPECT_FALSE(Has(page, "<form id=\"comment-form\""));
}

TEST_F(PageOutageTest, ACountThatNobodyKnowsIsNeverZero) {
  invoices_->ForgetCounts();
  EXPECT_TRUE(Has(Page("/invoices"), "<td class=\"comment-count\">\u2014</td>"));
  comments_->FailNext(Away());
  const HttpAnswer page = Page(kPage);
  EXPECT_FALSE(Has(page, "data-comment-count"));
  EXPECT_FALSE(Has(page, "omments as of"));
  EXPECT_FALSE(Has(page, "No comments"));
  // What the thread tells is known.
  EXPECT_TRUE(Has(Page(kPage), "data-comment-count>No comments</a>"));
}

TEST_F(PageOutageTest, WithoutInvoicesTheThreadIsShown) {
  PostComments(2);
  invoices_->FailNext(Away());
  const HttpAnswer page = Page(kPage);
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, "The invoice itself cannot be shown right now."));
  EXPECT_TRUE(Has(page, "<a class=\"badge\" href=\"#thread\" data-comment-count>2 comments</a>"));
  EXPECT_EQ(BodiesOf(page).size(), 2U);
  EXPECT_EQ(DehydratedOf(page).at("invoiceId"), kInvoiceId);
  EXPECT_TRUE(Has(page, "<form id=\"comment-form\""));
}

TEST_F(PageOutageTest, WithoutBothItIsAnErrorPageThatSaysWhenToComeBack) {
  comments_->FailNext(Away());
  invoices_->FailNext(Away());
  const HttpAnswer page = Page(kPage);
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(HeaderOf(page, "retry-after"), "1");
  EXPECT_TRUE(Has(page, "This is not available right now"));
  EXPECT_EQ(Between(page.body, "Reference <code>", "<"), HeaderOf(page, "x-request-id"));
}

TEST_F(PageOutageTest, AConsistencyTokenIsAskedForAndLetGoOfWhenItCannotBeHad) {
  const std::string token(Json(Get(kThread)).at("consistencyToken").as_string());
  EXPECT_EQ(Page(std::string(kPage) + "?consistency=" + token).status, 200);
  EXPECT_EQ(invoices_->last_consistency().at_least_as_fresh(), token);
  for (const char* reason : {"PROJECTION_LAGGING", "CONSISTENCY_TOKEN_INVALID"}) {
    invoices_->FailNext(Refusal(absl::StatusCode::kUnavailable, reason, "not now"));
    EXPECT_EQ(Page(std::string(kPage) + "?consistency=" + token).status, 200) << reason;
    EXPECT_EQ(invoices_->last_consistency().at_least_as_fresh(), "");
  }
}

TEST_F(PageOutageTest, TheSidebarIsShownWithoutItsInvoicesWhileNobodyTellsOfThem) {
  comments_->Post(kOrg, "5f9d2c1e-0000-4000-8000-000000009999", "of an invoice unknown there");
  const HttpAnswer open = Page("/invoices?activity=open");
  EXPECT_TRUE(Has(open, "of an invoice unknown there"));
  EXPECT_TRUE(Has(open, "href=\"/invoices/5f9d2c1e-0000-4000-8000-000000009999?comment="));
  EXPECT_FALSE(Has(open, "activity-invoice"));
}

}  // namespace
}  // namespace marginalia
