// The form without script: what it adds, refuses, and shows again.
#include "absl/strings/str_cat.h"
#include "gateway/http/limits.h"
#include "services/errors/errors.h"
#include "tests/gateway/pages_fixture.h"

namespace marginalia {
namespace {

constexpr char kCommentId[] = "2f1d1f0e-5a0b-4a5e-9a63-0d3c1b8a7e11";

std::string FormOf(const std::string& body) {
  return absl::StrCat("comment_id=", kCommentId, "&body=", body);
}

class CommentFormTest : public PagesFixture {
 protected:
  static std::string ErrorOf(const HttpAnswer& page) {
    return Unescaped(Between(page.body, "role=\"alert\">", "</p>"));
  }
  static std::string IdOf(const HttpAnswer& page) {
    return Between(page.body, "name=\"comment_id\" value=\"", "\"");
  }
  static std::string TextOf(const HttpAnswer& page) {
    const std::string element = Between(page.body, "<textarea ", "</textarea>");
    return Unescaped(element.substr(element.find('>') + 1));
  }
};

TEST_F(CommentFormTest, APostLeadsToThePageThatShowsItAndReadsItsOwnWrite) {
  const HttpAnswer posted = Submit(kForm, FormOf("Line+one%0D%0A%26+%3Cb%3E"));
  EXPECT_EQ(posted.status, 303);
  const std::string address = HeaderOf(posted, "location");
  EXPECT_EQ(address.rfind("/invoices/INV-1042?consistency=", 0), 0U) << address;
  const std::string fragment = absl::StrCat("#comment-", kCommentId);
  ASSERT_EQ(address.substr(address.find('#')), fragment);
  const HttpAnswer page = Page(address.substr(0, address.find('#')));
  EXPECT_EQ(BodiesOf(page), std::vector<std::string>{"Line one\n& <b>"});
  EXPECT_TRUE(Has(page, absl::StrCat("<li class=\"comment\" id=\"comment-", kCommentId, "\"")));
  EXPECT_TRUE(Has(page, "data-count=\"1\""));
  EXPECT_EQ(absl::StrCat("/invoices/INV-1042?consistency=",
                         invoices_->last_consistency().at_least_as_fresh()),
            address.substr(0, address.find('#')));
}

TEST_F(CommentFormTest, WhoReadsTheOldestFirstIsLedToTheComment) {
  for (int i = 0; i < 30; ++i) comments_->Post(kOrg, kInvoiceId, "before");
  HttpClient::Headers dana = As("dana");
  dana.emplace_back("Cookie", "marginalia-order=oldest");
  const std::string address = HeaderOf(Submit(kForm, FormOf("after"), dana), "location");
  EXPECT_EQ(address.rfind(absl::StrCat("/invoices/INV-1042?comment=", kCommentId), 0), 0U)
      << address;
  const HttpAnswer page = Page(address.substr(0, address.find('#')), dana);
  EXPECT_EQ(BodiesOf(page).back(), "after");
}

TEST_F(CommentFormTest, TheSameFormTwiceAddsOneComment) {
  const HttpAnswer first = Submit(kForm, FormOf("once"));
  const HttpAnswer second = Submit(kForm, FormOf("once"));
  EXPECT_EQ(second.status, 303);
  EXPECT_EQ(HeaderOf(second, "location"), HeaderOf(first, "location"));
  EXPECT_EQ(BodiesOf(Page(kPage)).size(), 1U);
}

TEST_F(CommentFormTest, EachPageHasAFormWithAnIdOfItsOwn) {
  const HttpAnswer first = Page(kPage);
  EXPECT_EQ(IdOf(first).size(), 36U);
  EXPECT_NE(IdOf(first), IdOf(Page(kPage)));
  EXPECT_EQ(TextOf(first), "");
  EXPECT_EQ(ErrorOf(first), "");
}

TEST_F(CommentFormTest, ABlankCommentComesBackWithTheReasonBesideTheField) {
  const HttpAnswer page = Submit(kForm, FormOf(""));
  EXPECT_EQ(page.status, 400);
  EXPECT_EQ(ErrorOf(page), "The comment must not be blank.");
  EXPECT_EQ(IdOf(page), kCommentId);
  EXPECT_TRUE(Has(page, "aria-invalid=\"true\" autofocus"));
  EXPECT_TRUE(Has(page, "<h1>INV-1042</h1>"));
}

TEST_F(CommentFormTest, ATextThatIsTooLongComesBackWhole) {
  comments_->FailNext(InvalidField("body", "must be at most 10,000 characters"));
  std::string body;
  std::string encoded;
  for (int i = 0; i < 10'001; ++i) {
    body += "😀";
    encoded += "%F0%9F%98%80";
  }
  const HttpAnswer page = Submit(kForm, FormOf(encoded));
  EXPECT_EQ(page.status, 400);
  EXPECT_EQ(ErrorOf(page), "The comment must be at most 10,000 characters.");
  EXPECT_EQ(TextOf(page), body);
}

TEST_F(CommentFormTest, WhatWasTypedComesBackByteForByteWhateverItHolds) {
  comments_->FailNext(InvalidField("body", "must be something else"));
  const HttpAnswer page = Submit(
      kForm, FormOf("%0D%0A%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27%26amp;"));
  // The first line end is the browser's own, and it drops it.
  EXPECT_EQ(TextOf(page), "\n\n</textarea><script>alert(1)</script>\"'&amp;");
}

TEST_F(CommentFormTest, AServiceThatIsAwayCostsNoText) {
  comments_->FailNext(Away());
  const HttpAnswer page = Submit(kForm, FormOf("kept"));
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(TextOf(page), "kept");
  EXPECT_EQ(IdOf(page), kCommentId);
  EXPECT_EQ(ErrorOf(page),
            "The comment was not posted: it is away. Your text is still here; post it again.");
  comments_->Stop();
  const HttpAnswer still_away = Submit(kForm, FormOf("kept"));
  EXPECT_EQ(still_away.status, 503);
  EXPECT_EQ(TextOf(still_away), "kept");
  comments_->Start();
}

TEST_F(CommentFormTest, AnIdThatIsTakenIsReplaced) {
  comments_->FailNext(Refusal(absl::StatusCode::kAlreadyExists, "COMMENT_ID_REUSED", "taken"));
  const HttpAnswer page = Submit(kForm, FormOf("mine"));
  EXPECT_EQ(page.status, 409);
  EXPECT_NE(IdOf(page), kCommentId);
  EXPECT_EQ(TextOf(page), "mine");
  EXPECT_FALSE(ErrorOf(page).empty());
}

TEST_F(CommentFormTest, AnIdThatIsNoneIsReplacedAndTheTextPosted) {
  comments_->FailNext(InvalidField("comment_id", "must be a UUID"));
  const HttpAnswer page = Submit(kForm, "comment_id=nonsense&body=mine");
  EXPECT_EQ(page.status, 400);
  EXPECT_EQ(ErrorOf(page), "The field id must be a UUID.");
  EXPECT_EQ(TextOf(page), "mine");
  EXPECT_EQ(IdOf(page).size(), 36U);
}

TEST_F(CommentFormTest, AFormFromAnotherSiteIsRefusedAndAddsNothing) {
  const std::string own = "http://" + gateway_->address();
  const std::vector<HttpClient::Headers> foreign = {
      {{"Sec-Fetch-Site", "cross-site"}, {"Origin", own}},
      {{"Sec-Fetch-Site", "same-site"}},
      {{"Sec-Fetch-Site", "none"}},
      {{"Origin", "https://evil.example"}},
      {{"Origin", own + ".evil.example"}},
      {{"Origin", "null"}},
      {},
  };
  for (const HttpClient::Headers& more : foreign) {
    HttpClient::Headers headers = InBrowser("dana");
    headers.insert(headers.end(), more.begin(), more.end());
    const HttpAnswer answer = Submit(kForm, FormOf("forged"), headers);
    EXPECT_EQ(answer.status, 403);
    EXPECT_TRUE(Has(answer, "This came from another site"));
  }
  EXPECT_TRUE(BodiesOf(Page(kPage)).empty());
  HttpClient::Headers headers = InBrowser("dana");
  headers.emplace_back("Origin", own);
  EXPECT_EQ(Submit(kForm, FormOf("own"), headers).status, 303);
}

TEST_F(CommentFormTest, TheApiRefusesWhatAnotherSiteSendsWithTheCookie) {
  const std::string comment = R"({"body":"x"})";
  HttpAnswer answer = Post(kThread, comment, InBrowser("dana"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(ReasonOfProblem(answer), "CROSS_ORIGIN");
  EXPECT_EQ(Post(kThread, comment, FromOwnPage("dana")).status, 201);
  // No browser sends a token of its own, so where it comes from does not matter.
  HttpClient::Headers headers = As("dana");
  headers.emplace_back("Sec-Fetch-Site", "cross-site");
  EXPECT_EQ(Post(kThread, comment, headers).status, 201);
}

TEST_F(CommentFormTest, AViewerMayNotPost) {
  comments_->FailNext(
      Refusal(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW", "this needs the role member"));
  const HttpAnswer answer = Submit(kForm, FormOf("typed"), FromOwnPage("sam", "viewer"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(Has(answer, "readonly>typed</textarea>")) << answer.body;
  EXPECT_TRUE(Has(answer, "This needs the role member."));
}

TEST_F(CommentFormTest, ATextForAnInvoiceThatIsGoneStaysReadable) {
  const HttpAnswer answer =
      Submit("/invoices/INV-9999/comments", FormOf("typed"), FromOwnPage("dana"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_TRUE(Has(answer, "readonly>typed</textarea>")) << answer.body;
}

TEST_F(CommentFormTest, WhatIsNoFormIsRefused) {
  EXPECT_EQ(Send("POST", kForm, As("dana"), R"({"body":"x"})", "application/json").status, 415);
  EXPECT_EQ(Submit(kForm, "body=1&body=2").status, 400);
  EXPECT_EQ(Submit(kForm, "body=%FF").status, 400);
  EXPECT_EQ(Submit("/invoices/INV-9999/comments", FormOf("x")).status, 404);
  EXPECT_EQ(client_->Post(kForm, std::string(kBodyBytesMax + 1, 'x'), As("dana")).status, 413);
}

TEST_F(CommentFormTest, TheFormsAddressLeadsToItsPage) {
  const HttpAnswer answer = Page(kForm);
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(HeaderOf(answer, "location"), kPage);
}

}  // namespace
}  // namespace marginalia
