// What an invoice page shows by its address: of a comment, of a place in the thread, of another
// name.
#include "absl/strings/str_cat.h"
#include "services/tokens/page_token.h"
#include "tests/gateway/pages_fixture.h"

namespace marginalia {
namespace {

namespace json = boost::json;

using PageAddressTest = PagesFixture;

TEST_F(PageAddressTest, ALinkToACommentOpensThePageAroundItAndMarksIt) {
  PostComments(90);
  const std::string id = "00000000-0000-7000-8000-000000000012";
  const HttpAnswer page = Page(absl::StrCat(kPage, "?comment=", id));
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, absl::StrCat("<li class=\"comment marked\" id=\"comment-", id,
                                     "\" data-sequence=\"12\" tabindex=\"-1\" autofocus>")));
  EXPECT_EQ(BodiesOf(page).front(), "comment 22");
  EXPECT_EQ(BodiesOf(page).back(), "comment 3");
  EXPECT_TRUE(Has(page, "id=\"newer\""));
  EXPECT_TRUE(Has(page, "id=\"older\""));
  const json::value handed = DehydratedOf(page);
  EXPECT_EQ(handed.at("cursor").as_string(), "around:" + id);
  const HttpAnswer api = Get(absl::StrCat(kThread, "?around=", id));
  EXPECT_EQ(handed.at("page"), Json(api));
  EXPECT_EQ(handed.at("etag").as_string(), api.headers.at("etag"));
  EXPECT_NE(api.headers.at("etag"), Get(kThread).headers.at("etag"));
  HttpClient::Headers again = As("dana");
  again.emplace_back("If-None-Match", api.headers.at("etag"));
  EXPECT_EQ(Get(absl::StrCat(kThread, "?around=", id), again).status, 304);
}

TEST_F(PageAddressTest, ALinkToOneOfTheNewestCommentsOpensTheNewestPage) {
  PostComments(25);
  const HttpAnswer page =
      Page(absl::StrCat(kPage, "?comment=00000000-0000-7000-8000-000000000024"));
  EXPECT_EQ(BodiesOf(page).front(), "comment 25");
  EXPECT_TRUE(Has(page, "<li class=\"comment marked\""));
  EXPECT_EQ(DehydratedOf(page).at("cursor"), "");
}

TEST_F(PageAddressTest, ALinkThatLeadsNowhereSaysSoBesideTheNewestComments) {
  PostComments(2);
  for (const char* id : {"00000000-0000-7000-8000-000000000099", "nonsense"}) {
    const HttpAnswer page = Page(absl::StrCat(kPage, "?comment=", id));
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(Has(page, "The comment that the link leads to is not in this thread."));
    EXPECT_EQ(BodiesOf(page).size(), 2U);
    EXPECT_FALSE(Has(page, "marked"));
  }
  const HttpAnswer api = Get(absl::StrCat(kThread, "?around=00000000-0000-7000-8000-000000000099"));
  EXPECT_EQ(api.status, 404);
  EXPECT_EQ(ReasonOfProblem(api), "COMMENT_NOT_FOUND");
}

TEST_F(PageAddressTest, AnInvoiceHasOneAddress) {
  PostComments(25);
  const std::string by_id = absl::StrCat("/invoices/", kInvoiceId);
  const HttpAnswer answer = Page(by_id);
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(HeaderOf(answer, "location"), kPage);
  const std::string query = "?comment=00000000-0000-7000-8000-000000000012&activity=open";
  EXPECT_EQ(HeaderOf(Page(by_id + query), "location"), kPage + query);
  EXPECT_EQ(Page(kPage + query).status, 200);
  // Without the invoice nobody knows the number.
  invoices_->FailNext(Away());
  EXPECT_EQ(Page(by_id).status, 200);
}

TEST_F(PageAddressTest, AnInvoiceThatIsStoredUnderANumberThatIsRefusedTodayIsShownByItsId) {
  invoice_.set_number("2026/");
  invoice_.set_invoice_id("5f9d2c1e-0000-4000-8000-000000001043");
  invoices_->Add(kOrg, invoice_, 0);
  comments_->AddInvoice(kOrg, invoice_.invoice_id());
  const std::string address = absl::StrCat("/invoices/", invoice_.invoice_id());
  const HttpAnswer page = Page(address);
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(Has(page, "<h1>2026/</h1>"));
  EXPECT_TRUE(Has(Page("/invoices"), absl::StrCat("<a href=\"", address, "\">2026/</a>")));
}

TEST_F(PageAddressTest, ThePlaceBehindTheNewestCommentLeadsToTheNewestPage) {
  PostComments(1);
  const std::string beyond = MakePageToken("0", {"ListComments", kOrg, kInvoiceId});
  const HttpAnswer answer = Page(absl::StrCat(kPage, "?cursor=", beyond));
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(HeaderOf(answer, "location"), kPage);
}

TEST_F(PageAddressTest, AnInvoiceThatIsNotThereIsNotFoundWhoeverAsks) {
  EXPECT_EQ(Page("/invoices/INV-9999").status, 404);
  const HttpAnswer foreign = Page(kPage, As("mallory", "admin", "rivalworks"));
  EXPECT_EQ(foreign.status, 404);
  EXPECT_TRUE(Has(foreign, "<h1>This invoice cannot be found</h1>"));
  EXPECT_FALSE(Has(foreign, "Acme"));
}

}  // namespace
}  // namespace marginalia
